using Hone.Text.Normalizing;

namespace Hone.Text.TokenizerFile;

/// <summary>The normalizer section.</summary>
internal static class NormalizerReader
{
    public static Normalizer? Read(JsonFields? section) => section is { } fields ? ReadOne(fields) : null;

    private static Normalizer ReadOne(JsonFields fields) => fields.Type switch
    {
        "Sequence" => new SequenceNormalizer([.. fields.Components("normalizers").Select(ReadOne)]),
        "Prepend" => new PrependNormalizer(PatternReader.Content(fields, "prepend")),
        "Replace" => PatternReader.Read(fields.Child("pattern")) switch
        {
            { Regex: { } regex } => new RegexReplaceNormalizer(regex, PatternReader.Content(fields, "content")),
            { Text: var text } => new ReplaceNormalizer(text!, PatternReader.Content(fields, "content")),
        },
        "Strip" => new StripNormalizer(fields.Flag("strip_left") ?? false, fields.Flag("strip_right") ?? false),
        "Lowercase" => new LowercaseNormalizer(),
        "NFC" => new UnicodeNormalizer(UnicodeForm.Nfc),
        "NFD" => new UnicodeNormalizer(UnicodeForm.Nfd),
        "NFKC" => new UnicodeNormalizer(UnicodeForm.Nfkc),
        "NFKD" => new UnicodeNormalizer(UnicodeForm.Nfkd),
        string other => throw new InputException(
            $"the normalizer \"{other}\" is not supported",
            fields.Where,
            "supported: Sequence, Prepend, Replace, Strip, Lowercase, NFC, NFD, NFKC, NFKD"),
    };
}
