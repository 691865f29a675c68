using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow.Inspection;

/// <summary>Figures of an inspection in words, the same in the terminal and on the page.</summary>
internal static class InspectionWords
{
    public static string Limits(LengthRule rule)
    {
        string prompt = rule.MaxPromptLength is { } most ? $", prompt {most}" : "";
        return $"{rule.MaxLength} tokens{prompt}, {LengthPolicies.NameOf(rule.Policy)}";
    }

    /// <summary>The rate is that of rows which could be left out without losing a text.</summary>
    public static string Duplicates(DuplicateFinder found) =>
        $"{found.Exact} of {found.Rows} rows repeat an earlier row ({Percent(found.Exact, found.Rows)}), {found.Near} more nearly do "
        + $"({Percent(found.Near, found.Rows)}; at least {DuplicateFinder.NearSimilarity:0.00} of their 5-word shingles by MinHash)"
        + (found.NearLimited ? $"; near duplicates were looked for among the first {DuplicateFinder.MaxNearRows} rows" : "");

    public static string Overlap(EvaluationOverlap overlap)
    {
        string tooShort = overlap.Index.TooShort > 0 ? $"; {overlap.Index.TooShort} items are too short to look for" : "";
        string where = overlap.ItemsHit.Count > 0 ? $": {Counts(overlap.ItemsHit)}" : "";
        return $"{overlap.RowsHit} of {overlap.RowsSeen} rows ({Percent(overlap.RowsHit, overlap.RowsSeen)}) share {overlap.Index.N} "
            + $"words in a row (or all of a shorter item, from {NgramIndex.LeastWords}) with {overlap.ItemsHit.Values.Sum()} of "
            + $"{overlap.Index.Count} evaluation items{where}{tooShort}";
    }

    public static string Counts(IEnumerable<KeyValuePair<string, int>> counts) =>
        string.Join(", ", counts.Select(c => $"{c.Key} {c.Value}"));

    private static string Percent(int part, int all) => all == 0 ? "0 %" : $"{Format.Percent((double)part / all)} %";
}
