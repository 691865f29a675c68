using System.Globalization;
using System.Text;

namespace Hone.Data;

/// <summary>
/// A text as words for comparisons between data sets: lower case, runs of letters and digits. Punctuation, white space and
/// markup are no words, as in GPT-3's overlap analysis (arXiv 2005.14165, appendix C). A Han, Hiragana or Katakana character
/// is a word of its own, for these scripts write no spaces. Accents are not composed: an e with a combining accent is
/// another letter than its composed form.
/// </summary>
public static class Words
{
    public static List<string> Of(string text)
    {
        List<string> words = [];
        StringBuilder word = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool alone = StandsAlone(rune.Value);
            if (alone || !BelongsToWord(rune)) Finish();
            if (!alone && !BelongsToWord(rune)) continue;
            word.Append(Rune.ToLowerInvariant(rune).ToString());
            if (alone) Finish();
        }
        Finish();
        return words;

        void Finish()
        {
            if (word.Length == 0) return;
            words.Add(word.ToString());
            word.Clear();
        }
    }

    private static bool BelongsToWord(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool StandsAlone(int value) =>
        value is (>= 0x3040 and <= 0x30FF) or (>= 0x3400 and <= 0x9FFF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x20000 and <= 0x3FFFF);
}
