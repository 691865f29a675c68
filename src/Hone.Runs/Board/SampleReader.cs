using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Hone.Data;
using Hone.Text;

namespace Hone.Runs;

/// <summary>An answer as the board shows it.</summary>
/// <param name="Name">The policy's name; empty where all are of one.</param>
/// <param name="Mark">chosen, rejected, or empty.</param>
internal sealed record ShownAnswer(
    string Name, string Text, double? Reward, double? Gold, int? Tokens, bool Finished, string Mark);

/// <summary>A prompt with all answers to it.</summary>
/// <param name="Row">Its place among the rows, from 0.</param>
internal sealed record ShownSample(int Row, IReadOnlyList<ChatMessage> Prompt, IReadOnlyList<ShownAnswer> Answers);

/// <summary>One set of samples of a run, of which single rows are read.</summary>
/// <param name="Name">In addresses: <c>evaluate</c>, <c>online-2</c>.</param>
/// <param name="Policies">Whether the answers to a prompt are those of several policies, one each.</param>
/// <param name="Read">A row; null where it cannot be read.</param>
internal sealed record SampleSet(string Name, string Title, bool Policies, int Count, Func<int, ShownSample?> Read);

/// <summary>
/// The sets of samples that a run has by now: the test prompts as every policy answered them, and each iteration's answers.
/// </summary>
internal sealed class SampleReader(RunFiles files)
{
    public IReadOnlyList<SampleSet> Sets(BoardRun run)
    {
        List<SampleSet> sets = [];
        if (Evaluated(run) is { } evaluated) sets.Add(evaluated);
        for (int iteration = 1; Directory.Exists(run.File($"online-{iteration}")); iteration++)
            if (Sampled(run, iteration) is { } sampled) sets.Add(sampled);
        return sets;
    }

    internal static T? Parse<T>(byte[]? line, JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return line is null ? null : JsonSerializer.Deserialize(line, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private SampleSet? Evaluated(BoardRun run)
    {
        string folder = run.File("evaluate");
        if (!Directory.Exists(folder)) return null;
        (string Name, LineIndex Lines, double?[] Gold)[] policies = [.. Directory.EnumerateDirectories(folder)
            .Where(p => File.Exists(Path.Combine(p, "answers.jsonl")))
            .Select(p => (Path.GetFileName(p), files.Lines(Path.Combine(p, "answers.jsonl")),
                ScoreFile.Read(Path.Combine(p, "scores.json"), "gold")))
            .OrderBy(p => Order(p.Item1))];
        return policies.Length == 0 ? null : new SampleSet("evaluate", "Test prompts: from SFT to the last policy", true,
            policies.Max(p => p.Lines.Count), row =>
            {
                (string Name, SampleRow Row, double?[] Gold)[] found = [.. policies.Where(p => row < p.Lines.Count)
                    .Select(p => (p.Name, Row: Parse(p.Lines.Line(row), RowJson.Default.SampleRow), p.Gold))
                    .Where(p => p.Row is { Count: > 0 }).Select(p => (p.Name, p.Row!, p.Gold))];
                if (found.Length == 0) return null;
                IReadOnlyList<ChatMessage> prompt = found[0].Row.Prompt;
                return new ShownSample(row, prompt, [.. found.Where(f => f.Row.Prompt.SequenceEqual(prompt))
                    .Select(f => Answer(f.Name, f.Row, 0, f.Gold.ElementAtOrDefault(row), ""))]);
            });
    }

    private SampleSet? Sampled(BoardRun run, int iteration)
    {
        string scored = run.File($"online-{iteration}/pairs/scored.jsonl"), pairs = run.File($"online-{iteration}/pairs/pairs.jsonl");
        string samples = run.File($"online-{iteration}/samples");
        bool isScored = File.Exists(scored);
        string[] parts = isScored ? [scored]
            : Directory.Exists(samples) ? [.. Directory.EnumerateFiles(samples, "samples-*.jsonl").Order(StringComparer.Ordinal)] : [];
        LineIndex[] lines = [.. parts.Select(files.Lines)];
        if (lines.Length == 0) return null;
        PairMarks? marks = File.Exists(pairs) ? files.Pairs(pairs) : null;
        return new SampleSet($"online-{iteration}", $"Iteration {iteration}{(isScored ? "" : ", not scored yet")}", false,
            lines.Sum(l => l.Count), row =>
            {
                int part = 0, at = row;
                while (at >= lines[part].Count) at -= lines[part++].Count;
                if (Parse(lines[part].Line(at), RowJson.Default.SampleRow) is not { } sample) return null;
                string[]? taken = marks?.Of(sample.Prompt, sample.Responses);
                return new ShownSample(row, sample.Prompt,
                    [.. Enumerable.Range(0, sample.Count).Select(k => Answer("", sample, k, null, taken?[k] ?? ""))]);
            });
    }

    private static ShownAnswer Answer(string name, SampleRow row, int k, double? gold, string mark) => new(name, row.Responses[k],
        row.Rewards?.ElementAtOrDefault(k), gold, row.ResponseIds?.ElementAtOrDefault(k)?.Length,
        row.FinishReasons?.ElementAtOrDefault(k) != SampleRow.FinishedByLength, mark);

    /// <summary>SFT first, then the offline baseline, then the iterations as they came.</summary>
    private static (int, int, string) Order(string name) => name == "sft" ? (0, 0, name)
        : name.StartsWith("offline", StringComparison.Ordinal) ? (1, 0, name)
        : name.StartsWith("online-dpo-", StringComparison.Ordinal) && int.TryParse(name["online-dpo-".Length..], out int n) ? (2, n, name)
        : (3, 0, name);
}
