using System.Globalization;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Runs.Tests;

/// <summary>A run folder that is written step by step, as a run writes it, without computing anything.</summary>
internal sealed class GrowingRun : IDisposable
{
    private readonly RunFolder _folder;

    /// <param name="changes">Lines of the recipe.</param>
    public GrowingRun(string path, string name = "growing", string changes = "")
    {
        ResolvedRecipe recipe = ResolvedRecipe.Parse($"name: {name}\nmodel: world\ndata:\n  world: tiny\n{changes}", "test.yaml");
        _folder = RunFolder.Create(path, recipe, TimeProvider.System);
    }

    public string Path => _folder.Path;

    public void Step(string stage, int step, double loss)
    {
        Begin(stage);
        string row = $$"""{"stage": "{{stage}}", "step": {{step}}, """;
        Append("metrics.jsonl", $$"""{{row}}"loss": {{Text(loss)}}, "rewards/margins": {{Text(1 - loss)}}}""");
        if (step % 5 == 0) Append("timing.jsonl", $$"""{{row}}"tokens_per_second": {{1000 + step}}, "memory_bytes": 4e8}""");
    }

    /// <summary>Writes <paramref name="count"/> prompts with four answers each, scored; of every other prompt a pair.</summary>
    public void Iteration(int iteration, int count, string answer = "an answer")
    {
        Begin($"online-{iteration}/pairs");
        string folder = System.IO.Path.Combine(Path, $"online-{iteration}/pairs");
        SampleRow[] rows = [.. Enumerable.Range(0, count).Select(i => new SampleRow([ChatMessage.User($"prompt {i}")],
            [.. Enumerable.Range(0, 4).Select(k => $"{answer} {i} {k}")], ResponseIds: [[1], [1, 2], [1, 2, 3], [1]],
            FinishReasons: ["stop", "stop", i == 3 ? "length" : "stop", "stop"], Rewards: [0.5, -1, i, 0.25]))];
        RowFile.Write(System.IO.Path.Combine(folder, "scored.jsonl"), rows);
        RowFile.Write(System.IO.Path.Combine(folder, "pairs.jsonl"), rows.Where((_, i) => i % 2 == 0)
            .Select(r => new PairRow(r.Prompt, r.Responses[2], r.Responses[1], [1], [1, 2, 3], [1, 2], 2, -1, 3)));
        File.WriteAllText(System.IO.Path.Combine(folder, "health.json"), $$"""
            {"iteration": {{iteration}}, "prompts": {{count}}, "answers_per_prompt": 4, "mean_reward": {{iteration}}.5,
            "best_of_n_reward": {{iteration + 1}}, "worst_reward": -1, "mean_length": 30, "eos_rate": 0.9, "duplicate_rate": 0.1,
            "pairs": {{count / 2}}, "ties_dropped": 0, "unfinished_excluded": 0, "margin": 2, "kl": null, "selection_reward": null}
            """);
        Finish($"online-{iteration}/pairs");
    }

    /// <summary>A policy's answers to the test prompts, with gold scores.</summary>
    public void Evaluated(string policy, int count, double gold)
    {
        Begin($"evaluate/{policy}");
        string folder = System.IO.Path.Combine(Path, "evaluate", policy);
        RowFile.Write(System.IO.Path.Combine(folder, "answers.jsonl"), Enumerable.Range(0, count).Select(i => new SampleRow(
            [ChatMessage.User($"test prompt {i}")], [$"{policy} says {i}"], ResponseIds: [[1, 2]], FinishReasons: ["stop"],
            Rewards: [gold])));
        string scores = string.Join(", ", Enumerable.Range(0, count).Select(_ => Text(gold)));
        File.WriteAllText(System.IO.Path.Combine(folder, "scores.json"), $$"""{"gold": [{{scores}}], "log_ratios": [1]}""");
        Finish($"evaluate/{policy}");
    }

    public void Finished(string? name = null)
    {
        FakeRun.Write(Path, FakeRun.Results() with { Name = name ?? "growing" });
        _folder.MarkFinished(TimeProvider.System);
        _folder.Dispose();
    }

    public void Dispose() => _folder.Dispose();

    private void Begin(string stage) => Record(stage, null);

    private void Finish(string stage) => Record(stage, []);

    private void Record(string stage, FileDigest[]? outputs)
    {
        string folder = System.IO.Path.Combine([Path, .. stage.Split('/')]), file = System.IO.Path.Combine(folder, StageManifest.FileName);
        Directory.CreateDirectory(folder);
        if (outputs is not null || !File.Exists(file))
            File.WriteAllBytes(file, new StageManifest(new Dictionary<string, string>(), outputs).ToBytes());
    }

    private void Append(string name, string row) => File.AppendAllText(System.IO.Path.Combine(Path, name), row + "\n");

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
