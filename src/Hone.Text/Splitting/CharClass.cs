using System.Globalization;

namespace Hone.Text.Splitting;

/// <summary>The four classes that split patterns tell apart, by code point, from the Unicode general category.</summary>
internal enum CharClass : byte
{
    Other,
    Letter,
    Number,
    Space,
}

internal static class CharClasses
{
    private static readonly CharClass[] s_bmp = MakeTable();

    /// <summary>Class of the code point at <paramref name="at"/> and how many UTF-16 units it takes.</summary>
    public static CharClass At(ReadOnlySpan<char> text, int at, out int units)
    {
        char c = text[at];
        units = 1;
        if (!char.IsHighSurrogate(c)) return s_bmp[c];
        if (at + 1 >= text.Length || !char.IsLowSurrogate(text[at + 1])) return CharClass.Other;
        units = 2;
        return Classify(char.ConvertToUtf32(c, text[at + 1]));
    }

    public static bool IsNumber(System.Text.Rune rune) => Classify(rune.Value) == CharClass.Number;

    private static CharClass Classify(int codePoint) => CharUnicodeInfo.GetUnicodeCategory(codePoint) switch
    {
        UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
            or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => CharClass.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharClass.Number,
        _ => codePoint < 0x10000 && char.IsWhiteSpace((char)codePoint) ? CharClass.Space : CharClass.Other,
    };

    private static CharClass[] MakeTable()
    {
        CharClass[] table = new CharClass[0x10000];
        for (int c = 0; c < table.Length; c++) table[c] = Classify(c);
        return table;
    }
}
