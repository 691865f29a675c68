using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Hone.Text.Decoding;

/// <summary>Neighbouring byte tokens, which spell characters together.</summary>
/// <param name="rule">What becomes of bytes that are no characters.</param>
/// <param name="eager">Whether a character comes out with its last byte, or all of them at the end of the run.</param>
internal sealed class ByteRun(BadBytes rule, bool eager)
{
    private const string Replacement = "\uFFFD";
    private readonly List<byte> _open = [];

    /// <summary>Text completed by this byte.</summary>
    public string Push(byte value)
    {
        _open.Add(value);
        return eager ? TakeCharacters() : "";
    }

    /// <summary>The rest of the run.</summary>
    public string End()
    {
        if (_open.Count == 0) return "";
        byte[] bytes = [.. _open];
        string text;
        if (Utf8.IsValid(bytes)) text = Encoding.UTF8.GetString(bytes);
        else if (rule == BadBytes.ReplaceRun) text = string.Concat(Enumerable.Repeat(Replacement, bytes.Length));
        else text = TakeCharacters() + string.Concat(Enumerable.Repeat(Replacement, _open.Count));
        _open.Clear();
        return text;
    }

    private string TakeCharacters()
    {
        StringBuilder text = new();
        byte[] bytes = [.. _open];
        int at = 0;
        while (at < bytes.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(bytes.AsSpan(at), out Rune rune, out int used);
            if (status == OperationStatus.NeedMoreData || (status == OperationStatus.InvalidData && rule == BadBytes.ReplaceRun)) break;
            bool valid = status == OperationStatus.Done;
            text.Append(valid ? rune.ToString() : Replacement);
            at += valid ? used : 1;
        }
        _open.RemoveRange(0, at);
        return text.ToString();
    }
}
