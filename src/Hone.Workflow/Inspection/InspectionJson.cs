using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Workflow.Inspection;

/// <summary>All figures of an inspection as JSON.</summary>
internal static class InspectionJson
{
    /// <summary>Stretches of a histogram.</summary>
    public const int Bins = 20;

    public static JsonObject Of(DataInspection inspection) => new()
    {
        ["kind"] = RowKindName(inspection.Kind),
        ["files"] = new JsonArray([.. inspection.Files.Select(File)]),
        ["refused"] = inspection.Refused,
        ["first_refusal"] = inspection.FirstRefusal,
        ["stages"] = new JsonArray([.. inspection.Stages.Select(Stage)]),
        ["tokens"] = inspection.Tokens,
        ["tokens_trained"] = inspection.Trained,
        ["tokens_unknown"] = inspection.Unknown,
        ["lengths"] = new JsonObject(inspection.Lengths.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)Lengths(l.Value)))),
        ["duplicates"] = Duplicates(inspection),
        ["overlap"] = inspection.Overlap is { } overlap ? Overlap(overlap) : null,
        ["rows"] = new JsonArray([.. inspection.Rows.Select(Row)]),
    };

    internal static string RowKindName(RowKind kind) => kind.ToString().ToLowerInvariant();

    private static JsonObject Report(DataReport report) => new()
    {
        ["rows"] = report.Read,
        ["kept"] = report.Kept,
        ["dropped"] = Counts(report.Dropped),
        ["changed"] = Counts(report.Changed),
    };

    private static JsonObject File(InspectedFile file) => new()
    {
        ["file"] = file.Path,
        ["layout"] = file.Read.Layout,
        ["columns_not_used"] = List(file.Read.IgnoredColumns),
        ["read"] = Report(file.Read),
        ["cleaned"] = Report(file.Cleaned),
    };

    private static JsonObject Stage(StageLengths stage)
    {
        JsonObject counts = Report(stage.Report);
        counts.Insert(0, "stage", stage.Stage);
        counts.Insert(1, "max_length", stage.Rule.MaxLength);
        counts.Insert(2, "max_prompt_length", stage.Rule.MaxPromptLength);
        counts.Insert(3, "truncation", LengthPolicies.NameOf(stage.Rule.Policy));
        return counts;
    }

    private static JsonObject Lengths(LengthHistogram lengths) => new()
    {
        ["count"] = lengths.Count,
        ["min"] = lengths.Min,
        ["mean"] = lengths.Mean,
        ["p50"] = lengths.Percentile(0.5),
        ["p90"] = lengths.Percentile(0.9),
        ["p99"] = lengths.Percentile(0.99),
        ["max"] = lengths.Max,
        ["histogram"] = new JsonArray(
            [.. lengths.Bins(Bins).Select(b => new JsonObject { ["from"] = b.From, ["below"] = b.To, ["count"] = b.Count })]),
    };

    private static JsonObject Duplicates(DataInspection inspection) => new()
    {
        ["rows"] = inspection.DuplicateCounts.Rows,
        ["exact"] = inspection.DuplicateCounts.Exact,
        ["near"] = inspection.DuplicateCounts.Near,
        ["near_limited"] = inspection.DuplicateCounts.NearLimited,
        ["listed"] = new JsonArray(
            [.. inspection.Duplicates.Select(d => new JsonObject { ["row"] = d.Row, ["of"] = d.Of, ["similarity"] = d.Similarity })]),
    };

    private static JsonObject Overlap(EvaluationOverlap overlap) => new()
    {
        ["ngram"] = overlap.Index.N,
        ["items"] = overlap.Index.Count,
        ["items_too_short"] = overlap.Index.TooShort,
        ["rows"] = overlap.RowsSeen,
        ["rows_overlapping"] = overlap.RowsHit,
        ["items_hit"] = Counts(overlap.ItemsHit),
        ["listed"] = new JsonArray([.. overlap.Rows.Select(r => new JsonObject
        {
            ["row"] = r.Row,
            ["item"] = r.Best.Item.Where,
            ["coverage"] = r.Best.Coverage,
            ["words"] = r.Best.Words,
            ["items"] = r.Items,
        })]),
    };

    private static JsonObject Row(ShownRow row) => new()
    {
        ["row"] = row.Number,
        ["fate"] = row.Fate,
        ["sequences"] = new JsonArray([.. row.Sequences.Select(s => new JsonObject
        {
            ["title"] = s.Title,
            ["text"] = s.Text,
            ["ids"] = new JsonArray([.. s.Tokens.Select(t => (JsonNode)t.Id)]),
            ["trained"] = new JsonArray([.. s.Tokens.Select(t => (JsonNode)t.Trained)]),
            ["cut"] = new JsonArray([.. s.Tokens.Select(t => (JsonNode)t.Cut)]),
            ["tokens"] = List(s.Tokens.Select(t => t.Text)),
        })]),
    };

    private static JsonObject Counts(IEnumerable<KeyValuePair<string, int>> counts) =>
        new(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));

    private static JsonArray List(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
}
