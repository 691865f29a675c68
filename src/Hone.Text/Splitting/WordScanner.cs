namespace Hone.Text.Splitting;

/// <summary>
/// Hand-written matchers for the split patterns of GPT-2, Llama-3 / Qwen2, tekken and o200k, which cover every character: each call
/// yields the length of the match at a position. Many times faster than a regex, and by code point, as the reference engines match.
/// </summary>
internal static class WordScanner
{
    public const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string LlamaHead = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|";
    private const string LlamaTail = @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    public const string Llama3 = LlamaHead + @"\p{N}{1,3}" + LlamaTail;
    public const string Qwen2 = LlamaHead + @"\p{N}" + LlamaTail;

    private const string Upper = @"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", Lower = @"[\p{Ll}\p{Lm}\p{Lo}\p{M}]";
    private const string CasedPrefix = @"[^\r\n\p{L}\p{N}]?";
    private const string CasedTail = @"| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string Contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";

    /// <summary>Mistral's tekken tokenizers (Nemo and later): words are cut before a capital.</summary>
    public const string Tekken = CasedPrefix + Upper + "*" + Lower + "+|" + CasedPrefix + Upper + "+" + Lower + @"*|\p{N}" + CasedTail;

    /// <summary>o200k: Phi-4-mini, gpt-oss.</summary>
    public const string O200k = CasedPrefix + Upper + "*" + Lower + "+" + Contractions + "|" + CasedPrefix + Upper + "+" + Lower + "*"
        + Contractions + @"|\p{N}{1,3}" + CasedTail;

    public delegate int Matcher(ReadOnlySpan<char> text, int at);

    /// <summary>The matcher for a pattern, null for one that is not among the known.</summary>
    public static Matcher? For(string pattern) => pattern switch
    {
        Gpt2 => MatchGpt2,
        Llama3 => (text, at) => MatchLlama(text, at, maxDigits: 3),
        Qwen2 => (text, at) => MatchLlama(text, at, maxDigits: 1),
        Tekken => (text, at) => MatchCased(text, at, maxDigits: 1, contractions: false),
        O200k => (text, at) => MatchCased(text, at, maxDigits: 3, contractions: true),
        _ => null,
    };

    private static int MatchLlama(ReadOnlySpan<char> text, int at, int maxDigits)
    {
        char first = text[at];
        if (first == '\'' && Contraction(text[(at + 1)..], ignoreCase: true) is int letters and > 0) return 1 + letters;
        CharClass kind = CharClasses.At(text, at, out int units);
        if (kind == CharClass.Letter) return Run(text, at, CharClass.Letter);
        int next = at + units;
        bool newline = first is '\r' or '\n';
        if (kind != CharClass.Number && !newline && next < text.Length && CharClasses.At(text, next, out _) == CharClass.Letter)
        {
            return units + Run(text, next, CharClass.Letter);
        }
        if (kind == CharClass.Number) return Run(text, at, CharClass.Number, maxDigits);
        return MatchTail(text, at, first, kind, slashes: false);
    }

    // Symbols with the line breaks after them, white space up to its last line break, white space.
    private static int MatchTail(ReadOnlySpan<char> text, int at, char first, CharClass kind, bool slashes)
    {
        int symbols = Symbols(text, at, first, kind);
        if (symbols > 0)
        {
            while (at + symbols < text.Length && (text[at + symbols] is '\r' or '\n' || (slashes && text[at + symbols] == '/'))) symbols++;
            return symbols;
        }
        int spaces = Run(text, at, CharClass.Space);
        int lastNewline = text.Slice(at, spaces).LastIndexOfAny('\r', '\n');
        return lastNewline >= 0 ? lastNewline + 1 : LeaveOneSpace(text, at, spaces);
    }

    private static int MatchCased(ReadOnlySpan<char> text, int at, int maxDigits, bool contractions)
    {
        char first = text[at];
        CharClass kind = CharClasses.At(text, at, out int units);
        bool prefixed = kind is not (CharClass.Letter or CharClass.Number) && first is not ('\r' or '\n');
        // The alternatives in their order, each first with the optional character in front, then without.
        int word = prefixed ? CasedWords.LowerEnd(text, at + units) : -1;
        if (word < 0) word = CasedWords.LowerEnd(text, at);
        if (word < 0 && prefixed) word = CasedWords.UpperEnd(text, at + units);
        if (word < 0) word = CasedWords.UpperEnd(text, at);
        if (word >= 0)
        {
            bool more = contractions && word < text.Length && text[word] == '\'';
            int letters = more ? Contraction(text[(word + 1)..], ignoreCase: true) : 0;
            return word - at + (letters > 0 ? letters + 1 : 0);
        }
        return kind == CharClass.Number ? Run(text, at, CharClass.Number, maxDigits) : MatchTail(text, at, first, kind, slashes: true);
    }

    private static int MatchGpt2(ReadOnlySpan<char> text, int at)
    {
        char first = text[at];
        if (first == '\'' && Contraction(text[(at + 1)..], ignoreCase: false) is int letters and > 0) return 1 + letters;
        CharClass kind = CharClasses.At(text, at, out _);
        int word = at, lead = 0;
        if (first == ' ' && at + 1 < text.Length)
        {
            (word, lead) = (at + 1, 1);
            kind = CharClasses.At(text, word, out _);
        }
        if (kind != CharClass.Space) return lead + Run(text, word, kind);
        return LeaveOneSpace(text, at, Run(text, at, CharClass.Space));
    }

    // " ?[^\s\p{L}\p{N}]+"
    private static int Symbols(ReadOnlySpan<char> text, int at, char first, CharClass kind)
    {
        if (kind == CharClass.Other) return Run(text, at, CharClass.Other);
        if (first != ' ' || at + 1 >= text.Length || CharClasses.At(text, at + 1, out _) != CharClass.Other) return 0;
        return 1 + Run(text, at + 1, CharClass.Other);
    }

    // "\s+(?!\S)|\s+": the last space before a word belongs to the word.
    private static int LeaveOneSpace(ReadOnlySpan<char> text, int at, int spaces) =>
        at + spaces < text.Length && spaces > 1 ? spaces - 1 : spaces;

    private static int Run(ReadOnlySpan<char> text, int at, CharClass kind, int most = int.MaxValue)
    {
        int end = at;
        while (most-- > 0 && end < text.Length && CharClasses.At(text, end, out int units) == kind) end += units;
        return end - at;
    }

    private static int Contraction(ReadOnlySpan<char> rest, bool ignoreCase)
    {
        if (rest.IsEmpty) return 0;
        char a = Fold(rest[0], ignoreCase);
        if (a is 's' or 't' or 'm' or 'd') return 1;
        if (rest.Length < 2) return 0;
        return (a, Fold(rest[1], ignoreCase)) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 2 : 0;
    }

    // U+017F folds to s in Unicode, and so in the reference engines.
    private static char Fold(char c, bool ignoreCase) => !ignoreCase ? c : c == '\u017F' ? 's' : char.ToLowerInvariant(c);
}
