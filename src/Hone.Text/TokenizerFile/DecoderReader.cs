using System.Text;
using Hone.Text.Bpe;
using Hone.Text.Decoding;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>The decoder section, applied once to every token of the vocabulary.</summary>
internal sealed class DecoderReader
{
    private const int MaxBytes = 64 << 20, MaxTokenBytes = 1 << 20;
    private readonly byte[]?[] _bytes;
    private readonly HashSet<int> _byteTokens = [];
    private byte[]?[]? _firstBytes;
    private bool _byteFallback;
    private bool _byteLevel;
    private bool _fused;
    private int _stripStart;
    private byte _strip;

    private DecoderReader(TokenTable spelled)
    {
        _bytes = new byte[spelled.Size][];
        for (int id = 0; id < _bytes.Length; id++)
        {
            if (spelled.Has(id)) _bytes[id] = spelled.BytesOf(id).ToArray();
        }
    }

    public static TokenDecoder Read(JsonFields? section, TokenTable spelled, string path)
    {
        if (section is not { } fields) throw new InputException("the file has no decoder", path);
        DecoderReader reader = new(spelled);
        reader.Apply(fields);
        return new TokenDecoder(reader._bytes)
        {
            FirstBytes = reader._firstBytes,
            StripStart = reader._stripStart,
            Strip = reader._strip,
            ByteTokens = reader._byteTokens,
        };
    }

    private void Apply(JsonFields fields)
    {
        switch (fields.Type)
        {
            case "Sequence":
                foreach (JsonFields part in fields.Components("decoders")) Apply(part);
                break;
            case "ByteLevel":
                Refuse(_byteLevel || _byteFallback, "ByteLevel", fields);
                _byteLevel = true;
                List<byte> decoded = [];
                Each(token => ByteAlphabet.TryDecode(token, decoded) ? decoded.ToArray() : token);
                break;
            case "ByteFallback":
                Refuse(_byteLevel, "ByteFallback", fields);
                _byteFallback = true;
                for (int id = 0; id < _bytes.Length; id++)
                {
                    if (_bytes[id] is { } token && TryParseByte(token, out _)) _byteTokens.Add(id);
                }
                Each(token => TryParseByte(token, out byte b) ? [b] : token);
                break;
            case "Replace":
                ApplyReplace(fields);
                break;
            case "Fuse":
                _fused = true;
                break;
            case "Metaspace":
                Refuse(_fused, "Metaspace after Fuse", fields);
                ApplyMetaspace(fields);
                break;
            case "Strip":
                ApplyStrip(fields);
                break;
            default:
                throw new InputException(
                    $"the decoder \"{fields.Type}\" is not supported",
                    fields.Where,
                    "supported: Sequence, ByteLevel, ByteFallback, Replace, Fuse, Metaspace, Strip");
        }
    }

    private void ApplyReplace(JsonFields fields)
    {
        (string? pattern, _, string source) = PatternReader.Read(fields.Child("pattern"));
        if (pattern is null)
        {
            throw new InputException($"a decoder cannot replace the regex {source}; only strings are supported", fields.Where);
        }
        // One character cannot lie across two tokens, so token by token is the same as in the fused text.
        Refuse(_fused && pattern.Length > 1, "Replace of several characters after Fuse", fields);
        string content = PatternReader.Content(fields, "content");
        (byte[] from, byte[] to) = (Encoding.UTF8.GetBytes(pattern), Encoding.UTF8.GetBytes(content));
        Each(token => Replace(token, from, to));
    }

    private void ApplyMetaspace(JsonFields fields)
    {
        byte[] mark = Encoding.UTF8.GetBytes(PreTokenizerReader.ReadMark(fields).ToString());
        if (PreTokenizerReader.ReadScheme(fields) != PrependScheme.Never)
        {
            _firstBytes = [.. _bytes.Select(token => token is null ? null : Replace(token, mark, []))];
        }
        Each(token => Replace(token, mark, " "u8.ToArray()), alsoFirst: false);
    }

    private void ApplyStrip(JsonFields fields)
    {
        Refuse(!_fused, "Strip before Fuse", fields);
        Refuse((fields.Integer("stop") ?? 0) != 0, "Strip with a stop", fields);
        byte[] content = Encoding.UTF8.GetBytes(fields.Text("content") ?? " ");
        if (content.Length != 1) throw new InputException("Strip supports one ASCII character as content", fields.Where);
        (_stripStart, _strip) = (fields.Integer("start") ?? 0, content[0]);
    }

    private void Each(Func<byte[], byte[]> change, bool alsoFirst = true)
    {
        long made = 0;
        for (int id = 0; id < _bytes.Length; id++)
        {
            if (_bytes[id] is not null) made += (_bytes[id] = change(_bytes[id]!))!.Length;
            if (alsoFirst && _firstBytes?[id] is not null) made += (_firstBytes[id] = change(_firstBytes[id]!))!.Length;
            if (made > MaxBytes) throw new InputException($"the decoder makes the tokens longer than {MaxBytes} bytes together");
        }
    }

    private static void Refuse(bool when, string what, JsonFields fields)
    {
        if (when) throw new InputException($"{what} is not supported in this place of a decoder", fields.Where);
    }

    /// <summary>Parses "&lt;0xNN&gt;".</summary>
    internal static bool TryParseByte(ReadOnlySpan<byte> token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x"u8) && token[5] == '>'
            && byte.TryParse(token[3..5], System.Globalization.NumberStyles.AllowHexSpecifier, null, out value);
    }

    private static byte[] Replace(byte[] text, ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> content)
    {
        long places = text.AsSpan().Count(pattern);
        if (places == 0) return text;
        long size = text.Length + (places * (content.Length - pattern.Length));
        if (size > MaxTokenBytes) throw new InputException($"the decoder makes a token longer than {MaxTokenBytes} bytes");
        List<byte> result = new((int)size);
        ReadOnlySpan<byte> rest = text;
        for (int at; (at = rest.IndexOf(pattern)) >= 0; rest = rest[(at + pattern.Length)..])
        {
            result.AddRange(rest[..at]);
            result.AddRange(content);
        }
        result.AddRange(rest);
        return [.. result];
    }
}
