using System.Text;
using Hone.Text.Decoding;

namespace Hone.Text;

/// <summary>
/// Decodes ids one at a time. A character whose bytes are spread over several tokens comes out whole, with the last of them. What it
/// yields, put together, is what <see cref="Tokenizer.Decode"/> yields for all of them; only in a run of byte tokens that turns out not
/// to be UTF-8 do characters stay that were shown before that was known.
/// </summary>
public sealed class StreamDecoder
{
    private readonly TokenDecoder _decoder;
    private readonly IReadOnlySet<int> _skipped;
    private readonly Decoder _utf8 = Encoding.UTF8.GetDecoder();
    private readonly ByteRun _run;
    private int _toStrip;
    private bool _opensText = true;

    internal StreamDecoder(TokenDecoder decoder, IReadOnlySet<int> skipped, bool eager = true)
    {
        (_decoder, _skipped, _toStrip) = (decoder, skipped, decoder.StripStart);
        _run = new ByteRun(decoder.BadBytes, eager);
    }

    /// <summary>Text completed by this id; empty when a character is still open or the id prints nothing.</summary>
    public string Push(int id)
    {
        StringBuilder text = new();
        Append(id, text);
        return text.ToString();
    }

    /// <summary>Ends the text: a character left incomplete becomes U+FFFD.</summary>
    public string Flush()
    {
        char[] chars = new char[_utf8.GetCharCount(default, flush: true)];
        return _run.End() + new string(chars, 0, _utf8.GetChars(default, chars, flush: true));
    }

    internal void Append(int id, StringBuilder text)
    {
        ReadOnlySpan<byte> bytes = Take(id);
        if (bytes.IsEmpty) return;
        if (_decoder.ByteTokens.Contains(id))
        {
            text.Append(_run.Push(bytes[0]));
            return;
        }
        text.Append(_run.End());
        Span<char> chars = bytes.Length <= 256 ? stackalloc char[260] : new char[bytes.Length + 4];
        text.Append(chars[.._utf8.GetChars(bytes, chars, flush: false)]);
    }

    private ReadOnlySpan<byte> Take(int id)
    {
        if (_skipped.Contains(id)) return default;
        ReadOnlySpan<byte> bytes = _decoder.BytesOf(id, _opensText);
        _opensText = false;
        while (_toStrip > 0 && !bytes.IsEmpty)
        {
            bool drops = bytes[0] == _decoder.Strip;
            _toStrip = drops ? _toStrip - 1 : 0;
            if (drops) bytes = bytes[1..];
        }
        return bytes;
    }
}
