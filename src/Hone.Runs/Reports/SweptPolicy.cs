using System.Globalization;

namespace Hone.Runs;

/// <summary>What a policy of the offline baseline's beta sweep is called: as a stage and a row, and for people.</summary>
internal static class SweptPolicy
{
    private const string Prefix = "offline-dpo-beta-";

    /// <summary><c>offline-dpo-beta-0-5</c></summary>
    public static string NameOf(double beta) => Prefix + Text(beta).Replace('.', '-');

    /// <summary><c>beta 0.5</c></summary>
    public static string LabelOf(double beta) => $"beta {Text(beta)}";

    /// <summary>The label of a stage or row by its name; null where it is of no sweep.</summary>
    public static string? LabelOf(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) ? "beta " + name[Prefix.Length..].Replace('-', '.') : null;

    private static string Text(double beta) => beta.ToString("0.########", CultureInfo.InvariantCulture);
}
