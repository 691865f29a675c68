using System.Globalization;
using System.Text;
using Hone.Text.Splitting;

namespace Hone.Text.TokenizerFile;

/// <summary>The pre_tokenizer section. ByteLevel also says that the vocabulary is spelled in the byte alphabet.</summary>
internal static class PreTokenizerReader
{
    public static (PreTokenizer? Splitter, bool ByteLevel) Read(JsonFields? section)
    {
        if (section is not { } fields) return (null, false);
        List<PreTokenizer> parts = [];
        bool byteLevel = false;
        ReadInto(fields, parts, ref byteLevel);
        return (parts.Count switch { 0 => null, 1 => parts[0], _ => new SequencePreTokenizer(parts) }, byteLevel);
    }

    private static void ReadInto(JsonFields fields, List<PreTokenizer> parts, ref bool byteLevel)
    {
        if (byteLevel) throw new InputException("ByteLevel must be the last pre-tokenizer: what follows it would see bytes", fields.Where);
        switch (fields.Type)
        {
            case "Sequence":
                foreach (JsonFields part in fields.Components("pretokenizers")) ReadInto(part, parts, ref byteLevel);
                break;
            case "ByteLevel":
                if (fields.Flag("add_prefix_space") ?? true) parts.Add(new PrefixSpace());
                if (fields.Flag("use_regex") ?? true) parts.Add(new ScannerSplit(WordScanner.For(WordScanner.Gpt2)!));
                byteLevel = true;
                break;
            case "Split":
                parts.Add(ReadSplit(fields));
                break;
            case "Metaspace":
                parts.Add(new MetaspacePreTokenizer(ReadMark(fields), ReadScheme(fields), fields.Flag("split") ?? true));
                break;
            case "Digits":
                parts.Add(new CharacterSplit(
                    rune => CharClasses.IsNumber(rune),
                    fields.Flag("individual_digits") ?? false ? SplitBehavior.Isolated : SplitBehavior.Contiguous));
                break;
            case "Punctuation":
                parts.Add(new CharacterSplit(IsPunctuation, ReadBehavior(fields, SplitBehavior.Isolated)));
                break;
            default:
                throw new InputException(
                    $"the pre-tokenizer \"{fields.Type}\" is not supported",
                    fields.Where,
                    "supported: Sequence, ByteLevel, Split, Metaspace, Digits, Punctuation");
        }
    }

    private static PreTokenizer ReadSplit(JsonFields fields)
    {
        SplitBehavior behavior = ReadBehavior(fields, null);
        bool invert = fields.Flag("invert") ?? false;
        JsonFields pattern = fields.Child("pattern");
        // A matcher covers all of the text, so there are no gaps to keep or to drop; conversions from tiktoken drop them.
        bool keepsMatches = behavior == SplitBehavior.Isolated || (behavior == SplitBehavior.Removed && invert);
        if (keepsMatches && pattern.Text("Regex") is string source && WordScanner.For(source) is { } scanner)
        {
            return new ScannerSplit(scanner);
        }
        (string? text, System.Text.RegularExpressions.Regex? regex, _) = PatternReader.Read(pattern);
        return text is not null ? new StringSplit(text, behavior, invert) : new RegexSplit(regex!, behavior, invert);
    }

    private static SplitBehavior ReadBehavior(JsonFields fields, SplitBehavior? otherwise) => fields.Text("behavior") switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        null when otherwise is { } value => value,
        string other => throw new InputException($"the split behavior \"{other}\" is not known", fields.Where),
        null => throw new InputException("\"behavior\" is missing", fields.Where),
    };

    internal static char ReadMark(JsonFields fields)
    {
        string mark = fields.Text("replacement") ?? "\u2581";
        return mark.Length == 1 ? mark[0] : throw new InputException("\"replacement\" must be one character", fields.Where);
    }

    internal static PrependScheme ReadScheme(JsonFields fields) => fields.Text("prepend_scheme") switch
    {
        "always" => PrependScheme.Always,
        "first" => PrependScheme.First,
        "never" => PrependScheme.Never,
        null => fields.Flag("add_prefix_space") ?? true ? PrependScheme.Always : PrependScheme.Never,
        string other => throw new InputException($"the prepend_scheme \"{other}\" is not known", fields.Where),
    };

    private static bool IsPunctuation(Rune rune) => rune.IsAscii
        ? char.IsPunctuation((char)rune.Value) || char.IsSymbol((char)rune.Value)
        : Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation
            or UnicodeCategory.OpenPunctuation or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
            or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;
}
