namespace Hone.Cli;

/// <summary>Values of an option that are given one by one or with commas between them.</summary>
internal static class CommaList
{
    public static string[] Of(string[]? given) =>
        [.. (given ?? []).SelectMany(g => g.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];
}
