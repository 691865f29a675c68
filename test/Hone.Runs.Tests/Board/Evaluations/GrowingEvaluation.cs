using System.Text.Json.Nodes;

namespace Hone.Runs.Tests;

/// <summary>Results as <c>hone eval</c> writes them, without a model: of each task the first items are right.</summary>
internal sealed class GrowingEvaluation(string folder, string model)
{
    private readonly List<(string Name, int Right, int Items)> _tasks = [];
    private readonly JsonObject _groups = [];

    public string Identity { get; init; } = "weights";

    public int Shots { get; init; }

    public GrowingEvaluation Task(string name, int right, int items)
    {
        _tasks.Add((name, right, items));
        return this;
    }

    public GrowingEvaluation Group(string name, params string[] parts)
    {
        (string Name, int Right, int Items)[] own = [.. _tasks.Where(t => parts.Contains(t.Name))];
        _groups[name] = new JsonArray([.. parts.Select(p => (JsonNode)p)]);
        _tasks.Insert(0, (name, own.Sum(t => t.Right), own.Sum(t => t.Items)));
        return this;
    }

    public void Write(int day = 1, bool log = false)
    {
        Directory.CreateDirectory(folder);
        string time = $"2026-01-{day:00}T00-00-00.000000";
        JsonObject Section(Func<(string Name, int Right, int Items), JsonNode> value) =>
            new(_tasks.Select(t => KeyValuePair.Create(t.Name, (JsonNode?)value(t))));
        var json = new JsonObject
        {
            ["results"] = Section(t => new JsonObject { ["acc,none"] = Share(t), ["acc_stderr,none"] = Error(t) }),
            ["group_subtasks"] = _groups,
            ["n-shot"] = Section(_ => Shots),
            ["n-samples"] = Section(t => new JsonObject { ["effective"] = t.Items }),
            ["model_name"] = model,
            ["model_identity"] = Identity,
        };
        File.WriteAllText(Path.Combine(folder, $"results_{time}.json"), json.ToJsonString());
        foreach ((string name, int right, int items) in _tasks.Where(t => log && !_groups.ContainsKey(t.Name)))
            File.WriteAllLines(Path.Combine(folder, $"samples_{name}_{time}.jsonl"), Enumerable.Range(0, items).Select(i =>
                $$"""{"doc_id": {{i}}, "filter": "none", "metrics": ["acc"], "acc": {{(i < right ? 1 : 0)}}}"""));
    }

    private static double Share((string, int Right, int Items) task) => (double)task.Right / task.Items;

    private static double Error((string, int Right, int Items) task) => Math.Sqrt(Share(task) * (1 - Share(task)) / (task.Items - 1));
}
