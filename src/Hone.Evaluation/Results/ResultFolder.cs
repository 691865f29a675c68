using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// The files that evaluations leave in a folder, named as lm-evaluation-harness names them: <c>results_TIME.json</c> and
/// <c>samples_TASK_TIME.jsonl</c>. The newest of each counts; times sort as text.
/// </summary>
internal static class ResultFolder
{
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };

    /// <summary>Writes a report and, where asked for, every item.</summary>
    /// <returns>The results file.</returns>
    public static string Write(string folder, EvalReport report, bool logSamples)
    {
        Directory.CreateDirectory(folder);
        string time = Time(report.Date), path = Path.Combine(folder, $"results_{time}.json");
        if (logSamples)
        {
            foreach (TaskRun run in report.Runs) SampleLog.Write(Path.Combine(folder, $"samples_{run.Task.Name}_{time}.jsonl"), run);
        }
        Durable.WriteText(path, report.ToJson());
        return path;
    }

    /// <summary>A time as it stands in the file names.</summary>
    public static string Time(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-ddTHH-mm-ss.ffffff", CultureInfo.InvariantCulture);

    /// <summary>All results of a file, or of a folder and those in it, oldest first.</summary>
    /// <exception cref="InputException">There is none, or one cannot be read.</exception>
    public static IReadOnlyList<JsonNode> Results(string path)
    {
        string[] files = File.Exists(path) ? [path]
            : Directory.Exists(path) ? [.. Directory.EnumerateFiles(path, "results_*.json", SearchOption.AllDirectories)
                .OrderBy(Path.GetFileName, StringComparer.Ordinal)]
            : throw new InputException("there is no such file or folder", path);
        if (files.Length == 0)
            throw new InputException("there is no results_*.json here", path, "Give the --output-path of a run of hone eval.");
        return [.. files.Select(Read)];
    }

    /// <summary>The newest log of each task in a folder and those in it.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static IReadOnlyDictionary<string, string> Samples(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException("there is no such folder", folder);
        var logs = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "samples_*.jsonl", SearchOption.AllDirectories)
            .OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            string name = Path.GetFileNameWithoutExtension(file)["samples_".Length..];
            int time = name.LastIndexOf("_2", StringComparison.Ordinal);
            logs[time > 0 ? name[..time] : name] = file;
        }
        return logs.Count > 0 ? logs : throw new InputException("there is no samples_*.jsonl here", folder,
            "Run hone eval with --log-samples (or lm_eval with --log_samples).");
    }

    private static JsonNode Read(string file)
    {
        try
        {
            JsonNode? node = JsonNode.Parse(SmallText.Read(file), documentOptions: s_strict);
            return node is JsonObject whole && whole["results"] is JsonObject ? node
                : throw new InputException("this is not a results file: it has no `results`", file);
        }
        catch (JsonException e)
        {
            throw new InputException($"broken JSON at line {e.LineNumber + 1}", file, inner: e);
        }
    }
}
