using System.Globalization;

namespace Hone.Text.Splitting;

/// <summary>
/// Words that are cut before a capital. A character may stand among capitals ([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]), among small letters
/// ([\p{Ll}\p{Lm}\p{Lo}\p{M}]), or among both: scripts without case, modifiers and marks.
/// </summary>
internal static class CasedWords
{
    /// <summary>End of capitals, if any, and the small letters after them, at least one; -1 for no match.</summary>
    public static int LowerEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at, lastOfBoth = -1;
        while (end < text.Length && Cases(text, end, out int units) is (true, bool small))
        {
            end += units;
            if (small) lastOfBoth = end;
        }
        // A small letter that follows goes on; else the last capital that is a small letter too is given back to be one.
        return end < text.Length && Cases(text, end, out _).Small ? SmallEnd(text, end) : lastOfBoth;
    }

    /// <summary>End of capitals, at least one, and the small letters after them; -1 for no match.</summary>
    public static int UpperEnd(ReadOnlySpan<char> text, int at)
    {
        int end = at;
        while (end < text.Length && Cases(text, end, out int units).Capital) end += units;
        return end == at ? -1 : SmallEnd(text, end);
    }

    private static int SmallEnd(ReadOnlySpan<char> text, int end)
    {
        while (end < text.Length && Cases(text, end, out int units).Small) end += units;
        return end;
    }

    private static (bool Capital, bool Small) Cases(ReadOnlySpan<char> text, int at, out int units)
    {
        bool pair = at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
        units = pair ? 2 : 1;
        UnicodeCategory category = pair
            ? CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[at], text[at + 1]))
            : CharUnicodeInfo.GetUnicodeCategory(text[at]);
        return category switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.TitlecaseLetter => (true, false),
            UnicodeCategory.LowercaseLetter => (false, true),
            UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter or UnicodeCategory.NonSpacingMark
                or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => (true, true),
            _ => (false, false),
        };
    }
}
