using Hone.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// The per-item log, one line per item and filter, with the field names of lm-evaluation-harness's
/// <c>samples_*.jsonl</c>, so that the files of both can be compared.
/// </summary>
internal static class SampleLog
{
    public static void Write(string path, TaskRun run)
    {
        Durable.WriteFile(path, stream =>
        {
            using StreamWriter file = new(stream, leaveOpen: true);
            foreach (ItemRun item in run.Items)
            {
                foreach (string filter in Filters(run.Task)) file.WriteLine(Row(item, filter).ToJsonString(ReplyJson.Compact));
            }
        });
    }

    /// <summary>Values by item, of one metric (<c>acc,none</c>) in one log.</summary>
    /// <exception cref="InputException">A line is broken, or is not a row of such a log.</exception>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, double>> Read(string path)
    {
        var metrics = new Dictionary<string, Dictionary<string, double>>();
        int number = 0;
        using var lines = new StreamReader(RegularFile.Open(path));
        while (lines.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                JsonNode row = JsonNode.Parse(line)!;
                string filter = (string?)row["filter"] ?? "none", id = row["doc_id"]!.ToString();
                foreach (string metric in ((JsonArray)row["metrics"]!).Select(m => (string)m!))
                {
                    if (row[metric] is not JsonValue value || !value.TryGetValue(out double number0)) continue;
                    if (!metrics.TryGetValue($"{metric},{filter}", out Dictionary<string, double>? values))
                        metrics[$"{metric},{filter}"] = values = [];
                    values[id] = number0;
                }
            }
            catch (Exception e) when (e is JsonException or NullReferenceException or InvalidOperationException
                or InvalidCastException or ArgumentException) // the last: a name twice
            {
                throw new InputException("this is not a row of a sample log (doc_id, filter, metrics)", $"{path}:{number}",
                    "Give a samples_*.jsonl of hone eval or lm_eval --log_samples.", e);
            }
        }
        return metrics.ToDictionary(m => m.Key, m => (IReadOnlyDictionary<string, double>)m.Value);
    }

    internal static IEnumerable<string> Filters(EvalTask task) => task.Metrics.Select(m => m[(m.IndexOf(',') + 1)..]).Distinct();

    private static JsonObject Row(ItemRun run, string filter)
    {
        EvalItem item = run.Item;
        string doc = item.Doc.ToJsonString(ReplyJson.Compact);
        string[] prompts = [.. item.Scores.Select(ReplyJson.Prompt), .. item.Generations.Select(ReplyJson.Prompt)];
        var row = new JsonObject
        {
            ["doc_id"] = item.Id,
            ["doc"] = JsonNode.Parse(doc),
            ["target"] = item.Target,
            ["arguments"] = new JsonArray([.. item.Scores.Select(s => (JsonNode)new JsonArray(s.Context.ToJson(), s.Continuation)),
                .. item.Generations.Select(g => (JsonNode)new JsonArray(g.Prompt.ToJson(),
                    JsonNode.Parse(ReplyJson.Settings(g.Options))))]),
            ["doc_hash"] = TaskRunner.Hash(doc),
            ["prompt_hash"] = TaskRunner.Hash(string.Join('\n', prompts)),
            ["target_hash"] = TaskRunner.Hash(item.Target),
            ["filter"] = filter,
        };
        if (run.Error is not null) row["error"] = run.Error;
        if (run.Replies is { } replies)
        {
            row["resps"] = new JsonArray([.. replies.Likelihoods.Select(l => (JsonNode)new JsonArray(Number(l.LogProb), l.IsGreedy)),
                .. replies.Answers.Select(a => (JsonNode)a.Text)]);
            row["finish_reasons"] = new JsonArray([.. replies.Answers.Select(a => (JsonNode)a.FinishReason)]);
        }
        string[] names = [];
        if (run.Grade is { } grade)
        {
            if (grade.Extracted.TryGetValue(filter, out string? extracted)) row["filtered_resps"] = new JsonArray(extracted);
            if (grade.Flags.Count > 0) row["flags"] = new JsonArray([.. grade.Flags.Select(f => (JsonNode)f)]);
            names = [.. grade.Metrics.Keys.Where(m => m.EndsWith($",{filter}", StringComparison.Ordinal)).Select(m => m[..m.IndexOf(',')])];
            foreach (string name in names) row[name] = grade.Metrics[$"{name},{filter}"];
        }
        row["metrics"] = new JsonArray([.. names.Select(n => (JsonNode)n)]);
        return row;
    }

    private static JsonValue Number(double value) => double.IsFinite(value) ? JsonValue.Create(value)
        : JsonValue.Create(value < 0 ? "-Infinity" : "Infinity");
}
