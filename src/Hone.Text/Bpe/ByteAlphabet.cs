using System.Text;

namespace Hone.Text.Bpe;

/// <summary>
/// The printable stand-ins of byte-level BPE (GPT-2's bytes_to_unicode): a byte that prints stands for itself, the other 68 are
/// U+0100 and up, in byte order. A space is "Ġ".
/// </summary>
internal static class ByteAlphabet
{
    private static readonly char[] s_chars = MakeChars();
    private static readonly short[] s_bytes = MakeBytes();

    public static char CharOf(byte b) => s_chars[b];

    /// <summary>Bytes that the token stands for; false when it holds a character outside the alphabet.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> utf8Token, List<byte> bytes)
    {
        bytes.Clear();
        while (!utf8Token.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8Token, out Rune rune, out int used) != System.Buffers.OperationStatus.Done) return false;
            if (rune.Value >= s_bytes.Length || s_bytes[rune.Value] < 0) return false;
            bytes.Add((byte)s_bytes[rune.Value]);
            utf8Token = utf8Token[used..];
        }
        return true;
    }

    private static char[] MakeChars()
    {
        char[] chars = new char[256];
        int extra = 0;
        for (int b = 0; b < 256; b++)
        {
            bool prints = b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            chars[b] = (char)(prints ? b : 256 + extra++);
        }
        return chars;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[256 + 68];
        Array.Fill(bytes, (short)-1);
        for (int b = 0; b < 256; b++) bytes[s_chars[b]] = (short)b;
        return bytes;
    }
}
