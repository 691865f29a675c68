using System.Globalization;

namespace Hone.Text.Splitting;

/// <summary>
/// .NET's regex engine matches UTF-16 units and takes a letter outside the basic plane for two surrogates. The shadow has one
/// unit per code point: such a code point is replaced by a rare one of the basic plane with the same general category.
/// </summary>
internal static class BmpShadow
{
    private static readonly Dictionary<UnicodeCategory, char> s_standIns = MakeStandIns();

    /// <summary>
    /// Null when the text holds no surrogate pair. Otherwise the shadow and, for each of its units and its end, the offset in the
    /// text.
    /// </summary>
    public static (string Text, int[] Offsets)? Of(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0) return null;
        char[] shadow = new char[text.Length];
        int[] offsets = new int[text.Length + 1];
        int count = 0;
        for (int at = 0; at < text.Length; at++)
        {
            offsets[count] = at;
            bool pair = char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]);
            shadow[count++] = pair ? StandIn(char.ConvertToUtf32(text[at], text[++at])) : text[at];
        }
        offsets[count] = text.Length;
        return (new string(shadow, 0, count), offsets);
    }

    private static char StandIn(int codePoint) =>
        s_standIns.TryGetValue(CharUnicodeInfo.GetUnicodeCategory(codePoint), out char c) ? c : '\uFFFD';

    // Ideographs beyond the basic plane are OtherLetter, and so is their stand-in, itself an ideograph.
    private static Dictionary<UnicodeCategory, char> MakeStandIns()
    {
        Dictionary<UnicodeCategory, char> found = new() { [UnicodeCategory.OtherLetter] = '\u9FA5' };
        for (int c = 0xFFFF; c > 0x7F; c--)
        {
            if (!char.IsSurrogate((char)c)) found.TryAdd(char.GetUnicodeCategory((char)c), (char)c);
        }
        return found;
    }
}
