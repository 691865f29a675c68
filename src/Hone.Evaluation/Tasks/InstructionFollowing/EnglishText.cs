using System.Globalization;
using System.Text;

namespace Hone.Evaluation;

/// <summary>Words, capital words and sentences of an English text, counted as IFEval counts them with NLTK.</summary>
internal static class EnglishText
{
    // Characters at which the Treebank tokenizer cuts wherever they stand.
    private const string Cuts = ";@#$%&?![](){}<>\"«»“”‘’„`";

    // What may follow a sentence's end in the same word for punkt to look at it.
    private const string AfterEnd = ")\";}]*:@'({[!?";

    private static readonly Dictionary<string, int> s_contracted = new()
    {
        ["cannot"] = 3, ["d'ye"] = 2, ["gimme"] = 3, ["gonna"] = 3, ["gotta"] = 3, ["lemme"] = 3, ["more'n"] = 4, ["wanna"] = 3,
        ["'tis"] = 2, ["'twas"] = 2,
    };

    private static readonly HashSet<string> s_abbreviations =
    [
        "mr", "mrs", "ms", "dr", "prof", "sr", "jr", "st", "vs", "inc", "ltd", "co", "corp", "e.g", "i.e", "a.m", "p.m", "u.s", "u.k",
        "u.n", "d.c", "gen", "rep", "sen", "rev", "gov", "col", "lt", "sgt", "capt", "adm", "vol", "fig", "jan", "feb", "aug", "sept",
        "oct", "nov", "dec", "ph.d", "ave", "blvd",
    ];

    // Words that begin a sentence even after an abbreviation.
    private static readonly HashSet<string> s_starters =
    [
        "the", "a", "an", "it", "he", "she", "they", "we", "you", "i", "this", "that", "these", "those", "there", "but", "and", "however",
        "in", "if", "when", "what", "who", "how", "why", "his", "her", "its", "our", "my",
    ];

    /// <summary>Runs of letters, digits and underscores, Python's <c>\w+</c>.</summary>
    public static int Words(string text)
    {
        int words = 0;
        bool inside = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            bool word = Rune.IsLetterOrDigit(rune) || rune.Value == '_'
                || Rune.GetUnicodeCategory(rune) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;
            if (word && !inside) words++;
            inside = word;
        }
        return words;
    }

    /// <summary>Python's <c>isupper</c>: some letter with case, and none that is not upper case.</summary>
    public static bool IsUpper(string text) => HasOnly(text, UnicodeCategory.UppercaseLetter, UnicodeCategory.LowercaseLetter);

    /// <summary>Python's <c>islower</c>.</summary>
    public static bool IsLower(string text) => HasOnly(text, UnicodeCategory.LowercaseLetter, UnicodeCategory.UppercaseLetter);

    /// <summary>
    /// Tokens of the Treebank tokenizer whose letters are all upper case: words are cut at punctuation, and contractions in two
    /// ("DON'T" is "DO" and "N'T"); a hyphen joins.
    /// </summary>
    public static int CapitalWords(string text) => Pieces(text).SelectMany(Contraction).Count(IsUpper);

    /// <summary>
    /// Sentences by the rules of punkt (Kiss and Strunk 2006), with a short list of abbreviations in place of its trained model. "!"
    /// and "?" before white space end one, "." too unless an abbreviation, an initial, a number before a small letter or dots before a
    /// small letter stand there; line breaks end none.
    /// </summary>
    public static int Sentences(string text)
    {
        string[] words = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        int sentences = words.Length == 0 ? 0 : 1;
        for (int i = 0; i < words.Length; i++)
        {
            string word = words[i];
            bool last = i == words.Length - 1;
            int end = word.Length - 1;
            while (end >= 0 && !(word[end] is '.' or '?' or '!'
                && (end == word.Length - 1 ? !last : AfterEnd.Contains(word[end + 1], StringComparison.Ordinal)))) end--;
            if (end < 0 || !Ends(word[..(end + 1)], end == word.Length - 1 ? words[i + 1] : null)) continue;
            // Closing quotes at the end of the text belong to the sentence before them.
            if (!last || word[(end + 1)..].Trim('"', '\'', ')', ']', '}').Length > 0) sentences++;
        }
        return sentences;
    }

    private static bool Ends(string word, string? next)
    {
        if (word[^1] != '.') return true;
        string stem = word[..^1].TrimStart('(', '"', '\'', '[', '{', '*', '-', '“', '‘');
        bool small = next is not null && char.IsLower(next[0]);
        if (stem.EndsWith('.') && stem.Trim('.').Length < stem.Length - 1 || stem.Length == 0) return next is not null && !small;
        if (stem.All(c => char.IsDigit(c) || c is '.' or ',' or '-')) return !small;
        bool starts = next is not null && s_starters.Contains(next.ToLowerInvariant()) && char.IsUpper(next[0]);
        return stem is [var initial] && char.IsLetter(initial) ? starts : !s_abbreviations.Contains(stem.ToLowerInvariant()) || starts;
    }

    private static IEnumerable<string> Pieces(string text)
    {
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            int from = 0;
            for (int i = 0; i < word.Length; i++)
            {
                bool last = i == word.Length - 1;
                int cut = Cuts.Contains(word[i], StringComparison.Ordinal) ? 1
                    : word[i] is ':' or ',' && (last || !char.IsAsciiDigit(word[i + 1])) ? 1
                    : word.AsSpan(i).StartsWith("--") ? 2 : word.AsSpan(i).StartsWith("...") ? 3 : 0;
                if (cut == 0) continue;
                if (i > from) yield return word[from..i];
                i += cut - 1;
                from = i + 1;
            }
            if (from < word.Length) yield return word[from..];
        }
    }

    private static string[] Contraction(string piece)
    {
        int cut = s_contracted.GetValueOrDefault(piece.ToLowerInvariant());
        string suffix = ((string[])["'s", "'S", "'m", "'M", "'d", "'D", "'ll", "'LL", "'re", "'RE", "'ve", "'VE", "n't", "N'T"])
            .FirstOrDefault(s => piece.Length > s.Length && piece.EndsWith(s, StringComparison.Ordinal)) ?? "";
        if (suffix.Length > 0) cut = piece.Length - suffix.Length;
        return cut == 0 ? [piece] : [piece[..cut], piece[cut..]];
    }

    private static bool HasOnly(string text, UnicodeCategory wanted, UnicodeCategory other)
    {
        bool some = false;
        foreach (Rune rune in text.EnumerateRunes())
        {
            UnicodeCategory category = Rune.GetUnicodeCategory(rune);
            if (category == other || category == UnicodeCategory.TitlecaseLetter) return false;
            some |= category == wanted;
        }
        return some;
    }
}
