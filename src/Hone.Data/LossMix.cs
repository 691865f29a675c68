using System.Globalization;

namespace Hone.Data;

/// <summary>Losses of the DPO family, by the names that TRL gives them; <c>PreferenceLoss</c> of the training holds the formulas.</summary>
public enum LossKind
{
    Sigmoid, SigmoidNorm, Robust, Hinge, Ipo, ExoPair, Discopop,
    NcaPair, BcoPair, SppoHard, ApoZero, ApoDown,
    Aot, AotUnpaired,
    Simpo, Orpo, Sft,
    Kto,
}

/// <summary>One loss of a mix, with its weight.</summary>
public sealed record LossTerm(LossKind Kind, double Weight);

/// <summary>A weighted sum of losses, as a recipe writes it: <c>sigmoid</c>, or <c>0.8*sigmoid + 0.2*bco_pair + sft</c>.</summary>
public sealed record LossMix(IReadOnlyList<LossTerm> Terms)
{
    private static readonly Dictionary<string, LossKind> s_kinds = Enum.GetValues<LossKind>().ToDictionary(NameOf);

    /// <summary>What a recipe may name.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. s_kinds.Keys];

    /// <exception cref="InputException">A name is unknown, a weight is no positive number, or a loss is there twice.</exception>
    public static LossMix Parse(string text)
    {
        LossTerm[] terms = [.. text.Split('+').Select(Term)];
        if (terms.Select(t => t.Kind).Distinct().Count() != terms.Length)
            throw new InputException($"`{text}` names a loss twice", fix: "Add its weights up.");
        if (terms.Length > 1 && terms.Any(t => t.Kind == LossKind.Kto))
            throw new InputException($"`{text}`: kto judges answers one by one, the other losses pairs", fix: "Write kto alone.");
        return new LossMix(terms);
    }

    /// <summary>Whether it is learnt from labelled answers, and not from pairs.</summary>
    internal bool Unpaired => Terms[0].Kind == LossKind.Kto;

    /// <summary>The name of a loss: in snake_case.</summary>
    public static string NameOf(LossKind kind) => string.Concat($"{kind}".Select((c, i) =>
        i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static LossTerm Term(string text)
    {
        string[] parts = text.Split('*', StringSplitOptions.TrimEntries);
        string name = parts[^1];
        if (parts.Length > 2 || !s_kinds.TryGetValue(name, out LossKind kind))
            throw new InputException($"`{text.Trim()}` is no loss",
                fix: $"Losses: {string.Join(", ", Names)}. Several are added, each with a weight: 0.8*sigmoid + 0.2*sft.");
        double weight = 1;
        if (parts.Length == 2 && !(double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out weight)
            && weight is > 0 and <= 1e6))
            throw new InputException($"the weight of `{text.Trim()}` is no positive number", fix: "Write for example 0.2*sft.");
        return new LossTerm(kind, weight);
    }
}
