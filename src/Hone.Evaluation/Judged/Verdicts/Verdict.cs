namespace Hone.Evaluation;

/// <summary>
/// What a judge's reply says: by upstream's rule, which published figures depend on, and by Hone's own, the last verdict
/// inside the range and outside of reasoning. Null where a reading finds no usable verdict.
/// </summary>
/// <typeparam name="T">A grade, a label or a preference.</typeparam>
/// <param name="Flags">Why the readings may differ, or why there is none; see <see cref="VerdictFlags"/>.</param>
internal sealed record Verdict<T>(T? Upstream, T? Own, IReadOnlyList<string> Flags)
    where T : struct;

/// <summary>What makes a verdict doubtful. A flag changes no figure: it is written beside the judgment and counted.</summary>
internal static class VerdictFlags
{
    /// <summary>There is a verdict that is none of those that the judge was offered.</summary>
    public const string OutOfRange = "out_of_range";

    /// <summary>The reply names several different verdicts.</summary>
    public const string Several = "several_verdicts";

    /// <summary>Upstream's rule took a verdict out of the judge's reasoning.</summary>
    public const string InReasoning = "in_reasoning";

    /// <summary>Upstream's rule took a number in single brackets, which may be an index or a citation.</summary>
    public const string SingleBrackets = "single_brackets";

    /// <summary>The names of both answers have less than half of the probability of the judge's first token.</summary>
    public const string LittleMass = "little_mass";

    /// <summary>The two readings are not the same.</summary>
    public const string Differs = "readings_differ";

    /// <summary>The flags of a reply's readings, in a fixed order.</summary>
    public static Verdict<T> Judge<T>(T? upstream, T? own, params IEnumerable<(bool Holds, string Flag)> flags)
        where T : struct =>
        new(upstream, own,
            [.. flags.Append((Holds: !EqualityComparer<T?>.Default.Equals(upstream, own), Flag: Differs))
            .Where(f => f.Holds).Select(f => f.Flag)]);
}
