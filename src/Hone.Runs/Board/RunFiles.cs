using System.Collections.Concurrent;
using System.Text.Json;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>What the board has read of run folders, kept until a file changes. Nothing is ever written.</summary>
internal sealed class RunFiles
{
    private const int MostKept = 1024;
    private readonly ConcurrentDictionary<string, (string Stamp, object Content)> _kept = new();

    /// <summary>The metrics of a run; those of a damaged file are empty, and <paramref name="problem"/> says where it is.</summary>
    public MetricCurves Metrics(BoardRun run, string name, out string? problem)
    {
        problem = null;
        try
        {
            return Read(run.File(name), MetricCurves.Read);
        }
        catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return new MetricCurves();
        }
    }

    /// <summary>Lines of a file of rows, complete ones only.</summary>
    public LineIndex Lines(string path) => Read(path, LineIndex.Of);

    /// <summary>Which answers of an iteration were paired.</summary>
    public PairMarks Pairs(string path) => Read(path, PairMarks.Of);

    /// <summary>A file of results.</summary>
    /// <exception cref="InputException">It is damaged.</exception>
    public EvaluationFile Evaluation(string path) => Read(path, EvaluationFile.Read);

    /// <summary>A figure of one evaluation beside that of another, item by item; null where an item log lacks it.</summary>
    /// <exception cref="InputException">A log is damaged, or the two have no item in common.</exception>
    public PairedComparison? Compared(
        IReadOnlyList<(string Task, string Log)> first, IReadOnlyList<(string Task, string Log)> second, string figure)
    {
        string[] logs = [.. first.Concat(second).Select(l => l.Log)];
        if (logs.Any(log => !Read(log, SampleLog.Read).ContainsKey(figure))) return null;
        Dictionary<string, double> Items(IEnumerable<(string Task, string Log)> of) => of.SelectMany(l =>
            Read(l.Log, SampleLog.Read)[figure].Select(i => KeyValuePair.Create($"{l.Task}/{i.Key}", i.Value))).ToDictionary();
        return Kept($"{figure}\n{string.Join('\n', logs)}", string.Join('\n', logs.Select(StampOf)),
            () => PairedComparison.Of(Items(first), Items(second), seed: 0));
    }

    /// <summary>What a run has found: of a finished one its results, of another one what its stages have left so far.</summary>
    public RunResults Results(BoardRun run)
    {
        if (run.Manifest is not { } manifest) return new RunResults { Name = run.Name, Rows = [], Seed = 0 };
        try
        {
            if (run.State == "finished") return Read(run.File(RunResults.FileName), RunResultsJson.Read);
        }
        catch (InputException)
        {
            // Without its results a run still has what its stages left.
        }
        string[] iterations = [.. StageStore.NamesIn(run.Path).Select(s => run.File($"{s}/health.json")).Where(File.Exists)];
        return new RunResults
        {
            Name = run.Name,
            Rows = [],
            Seed = ulong.TryParse(manifest.Origins.GetValueOrDefault("seed").Value, out ulong seed) ? seed : 0,
            Settings = [.. manifest.Origins.Select(o => new ResolvedSetting(o.Key, o.Value.Value, o.Value.Origin))],
            Stages = StagesOf(run),
            Iterations = [.. iterations.Select(f => Json(f, RunResultsContext.Default.IterationHealth)).OfType<IterationHealth>()
                .OrderBy(i => i.Iteration).Select(i => i with { Kl = KlOf(run, i.Iteration) })],
            RewardModel = Json(run.File("reward-check/reward_model.json"), RunResultsContext.Default.RewardModelResult),
        };
    }

    private T? Json<T>(string path, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) where T : class
    {
        try
        {
            return File.Exists(path) ? Read(path, p => JsonSerializer.Deserialize(File.ReadAllBytes(p), type)!) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>As the run itself takes it for its results: over the answers to the selection prompts.</summary>
    private static double? KlOf(BoardRun run, int iteration) =>
        ScoreFile.Read(run.File($"select/online-dpo-{iteration}/scores.json"), "log_ratios") is { Length: > 0 } ratios
            ? ratios.Average() : null;

    private static IReadOnlyList<StageResult> StagesOf(BoardRun run)
    {
        IReadOnlyList<StageResult> done = [];
        try
        {
            done = StageTimes.Read(run.File(MetricCurves.FileName), run.File(RunFolder.TimingName));
        }
        catch (InputException)
        {
            // The page of curves says what is wrong.
        }
        return [.. done, .. run.Stages().Where(s => done.All(d => d.Name != s.Name))
            .Select(s => new StageResult(s.Name, 0, 0, new Dictionary<string, double>()))];
    }

    private T Read<T>(string path, Func<string, T> read) where T : notnull => Kept(path, StampOf(path), () => read(path));

    private static string StampOf(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? $"{file.Length} {file.LastWriteTimeUtc.Ticks}" : "";
    }

    private T Kept<T>(string name, string stamp, Func<T> make) where T : notnull
    {
        if (_kept.TryGetValue(name, out (string Stamp, object Content) kept) && kept.Stamp == stamp && kept.Content is T known)
            return known;
        T content = make();
        if (_kept.Count >= MostKept) _kept.Clear();
        _kept[name] = (stamp, content);
        return content;
    }
}
