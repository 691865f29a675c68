using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>An evaluation that has ended: what was asked of whom, and what came of it.</summary>
/// <param name="Config">Flags and facts that hold for the whole run, such as limit and preset.</param>
/// <param name="Groups">Groups to sum up, each with its version and its tasks' names, in the order of the table.</param>
public sealed record EvalReport(
    ModelInfo Model, IReadOnlyList<TaskRun> Runs, IReadOnlyList<(string Name, string Version, IReadOnlyList<string> Tasks)> Groups,
    IReadOnlyDictionary<string, JsonNode?> Config, DateTimeOffset Date, TimeSpan Elapsed)
{
    private static readonly JsonSerializerOptions s_indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public IReadOnlyList<TaskSummary> Tasks { get; } = [.. Runs.Select(TaskSummary.Of)];

    public IReadOnlyList<string> Warnings => EvalWarnings.Of(Runs, Model);

    public IEnumerable<TaskSummary> GroupSummaries =>
        Groups.Select(g => TaskSummary.OfGroup(g.Name, g.Version, [.. Tasks.Where(t => g.Tasks.Contains(t.Name))]));

    /// <summary>The harness's table: each group, then its tasks; then tasks of their own.</summary>
    public string Table()
    {
        List<HarnessRow> rows = [];
        HashSet<string> shown = [];
        foreach ((TaskSummary summary, IReadOnlyList<string> members) in GroupSummaries.Zip(Groups.Select(g => g.Tasks)))
        {
            rows.AddRange(Rows(summary, 0));
            foreach (TaskSummary task in Tasks.Where(t => members.Contains(t.Name) && shown.Add(t.Name))) rows.AddRange(Rows(task, 1));
        }
        foreach (TaskSummary task in Tasks.Where(t => shown.Add(t.Name))) rows.AddRange(Rows(task, 0));
        return HarnessTable.Render(rows);
    }

    /// <summary>
    /// The results file, in the layout of lm-evaluation-harness, with what Hone adds: files, flags, warnings, a sample
    /// of each prompt.
    /// </summary>
    public string ToJson()
    {
        var json = new JsonObject
        {
            ["results"] = Section(t => Figures(t), Tasks.Concat(GroupSummaries)),
            ["group_subtasks"] = new JsonObject(Groups.Select(g => KeyValuePair.Create(g.Name, (JsonNode?)Strings(g.Tasks)))),
            ["configs"] = new JsonObject(Runs.Select(r => KeyValuePair.Create(r.Task.Name,
                (JsonNode?)new JsonObject(r.Task.Settings.Select(s => KeyValuePair.Create(s.Key, (JsonNode?)s.Value)))))),
            ["versions"] = Section(t => t.Version, Tasks.Concat(GroupSummaries)),
            ["n-shot"] = Section(t => t.NumFewshot, Tasks),
            ["higher_is_better"] = Section(t => new JsonObject(t.Metrics.Select(m => m.Metric).Distinct()
                .Select(m => KeyValuePair.Create(m, (JsonNode?)true))), Tasks),
            ["n-samples"] = Section(t => new JsonObject { ["effective"] = t.Items - t.Excluded, ["excluded"] = t.Excluded }, Tasks),
            ["flags"] = Section(t => new JsonObject(t.Flags.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
                Tasks.Where(t => t.Flags.Count > 0)),
            ["files"] = new JsonObject(Runs.SelectMany(r => r.Task.Files).DistinctBy(f => f.Key)
                .Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
            ["prompts"] = new JsonObject(Runs.Where(r => r.Items.Count > 0)
                .Select(r => KeyValuePair.Create(r.Task.Name, Prompt(r.Items[0].Item)))),
            ["warnings"] = Strings(Warnings),
            ["model_name"] = Model.Name,
            ["model_identity"] = Model.Identity,
            ["config"] = new JsonObject(Config.Select(c => KeyValuePair.Create(c.Key, c.Value?.DeepClone()))),
            ["hone_version"] = typeof(EvalReport).Assembly.GetName().Version!.ToString(3),
            ["date"] = Date.ToString("O"),
            ["total_evaluation_time_seconds"] = Math.Round(Elapsed.TotalSeconds, 3),
        };
        return json.ToJsonString(s_indented);
    }

    private static IEnumerable<HarnessRow> Rows(TaskSummary t, int depth) =>
        t.Metrics.Select(m => new HarnessRow(t.Name, depth, t.Version, m.Filter, t.NumFewshot, m.Metric, m.Value, m.StandardError));

    private static JsonObject Section(Func<TaskSummary, JsonNode?> value, IEnumerable<TaskSummary> tasks) =>
        new(tasks.Select(t => KeyValuePair.Create(t.Name, value(t))));

    private static JsonObject Figures(TaskSummary task)
    {
        var figures = new JsonObject { ["alias"] = task.Name };
        foreach (MetricSummary m in task.Metrics)
        {
            figures[$"{m.Metric},{m.Filter}"] = double.IsNaN(m.Value) ? null : m.Value;
            figures[$"{m.Metric}_stderr,{m.Filter}"] = m.StandardError is { } error ? error : "N/A";
        }
        return figures;
    }

    private static JsonNode? Prompt(EvalItem item) => item.Scores.Count > 0 ? item.Scores[0].Context.ToJson() : item.Generations.Count > 0
        ? item.Generations[0].Prompt.ToJson() : null;

    private static JsonArray Strings(IEnumerable<string> values) => new([.. values.Select(v => (JsonNode)v)]);
}
