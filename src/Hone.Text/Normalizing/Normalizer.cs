using System.Text.RegularExpressions;

namespace Hone.Text.Normalizing;

/// <summary>Rewrites text before it is split. The names are those of tokenizer.json.</summary>
internal abstract record Normalizer
{
    public abstract string Apply(string text);
}

internal sealed record PrependNormalizer(string Prefix) : Normalizer
{
    public override string Apply(string text) => text.Length == 0 ? text : Prefix + text;
}

internal sealed record ReplaceNormalizer(string Pattern, string Content) : Normalizer
{
    public override string Apply(string text) => text.Replace(Pattern, Content, StringComparison.Ordinal);
}

internal sealed record RegexReplaceNormalizer(Regex Pattern, string Content) : Normalizer
{
    public override string Apply(string text) => Pattern.Replace(text, _ => Content);
}

internal sealed record StripNormalizer(bool Left, bool Right) : Normalizer
{
    public override string Apply(string text) => (Left, Right) switch
    {
        (true, true) => text.Trim(),
        (true, false) => text.TrimStart(),
        (false, true) => text.TrimEnd(),
        _ => text,
    };
}

internal sealed record LowercaseNormalizer : Normalizer
{
    /// <summary>The one letter whose lower case is two characters; .NET leaves it as it is.</summary>
    public const string DottedI = "\u0130", LowerDottedI = "i\u0307";

    public override string Apply(string text) => text.ToLowerInvariant().Replace(DottedI, LowerDottedI, StringComparison.Ordinal);
}

internal sealed record SequenceNormalizer(IReadOnlyList<Normalizer> Parts) : Normalizer
{
    public override string Apply(string text)
    {
        foreach (Normalizer part in Parts) text = part.Apply(text);
        return text;
    }
}
