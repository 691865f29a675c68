using System.Text;
using System.Text.RegularExpressions;

namespace Hone.Text.Normalizing;

/// <summary>Rewrites text before it is split. The names are those of tokenizer.json.</summary>
internal abstract record Normalizer
{
    /// <exception cref="InputException">The text would grow or take beyond what the budget allows.</exception>
    public abstract string Apply(string text, TextBudget budget);
}

internal sealed record PrependNormalizer(string Prefix) : Normalizer
{
    public override string Apply(string text, TextBudget budget)
    {
        if (text.Length == 0) return text;
        budget.Make(Prefix.Length + text.Length);
        return Prefix + text;
    }
}

internal sealed record ReplaceNormalizer(string Pattern, string Content) : Normalizer
{
    public override string Apply(string text, TextBudget budget)
    {
        long places = text.AsSpan().Count(Pattern);
        if (places == 0) return text;
        budget.Make(text.Length + (places * (Content.Length - Pattern.Length)));
        return text.Replace(Pattern, Content, StringComparison.Ordinal);
    }
}

internal sealed record RegexReplaceNormalizer(Regex Pattern, string Content) : Normalizer
{
    public override string Apply(string text, TextBudget budget)
    {
        List<(int Index, int Length)> matches = budget.Matches(Pattern, text);
        if (matches.Count == 0) return text;
        budget.Make(text.Length + ((long)matches.Count * Content.Length));
        StringBuilder result = new(text.Length);
        int done = 0;
        foreach ((int index, int length) in matches)
        {
            result.Append(text, done, index - done).Append(Content);
            done = index + length;
        }
        return result.Append(text, done, text.Length - done).ToString();
    }
}

internal sealed record StripNormalizer(bool Left, bool Right) : Normalizer
{
    public override string Apply(string text, TextBudget budget) => (Left, Right) switch
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

    public override string Apply(string text, TextBudget budget)
    {
        budget.Make(2L * text.Length);
        return text.ToLowerInvariant().Replace(DottedI, LowerDottedI, StringComparison.Ordinal);
    }
}

internal sealed record SequenceNormalizer(IReadOnlyList<Normalizer> Parts) : Normalizer
{
    public override string Apply(string text, TextBudget budget)
    {
        foreach (Normalizer part in Parts) text = part.Apply(text, budget);
        return text;
    }
}
