using Hone.Data;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>
/// Samples in files of a fixed number of prompts. A part depends on its own prompts and seeds only, so a cut-off stage
/// keeps its finished parts and makes the rest; rows in = rows out.
/// </summary>
internal static class SampleParts
{
    private const int PromptsPerPart = 512;

    /// <param name="perPart">Prompts of a part: what a kill loses at most.</param>
    public static void Write(StageFolder stage, IReadOnlyList<PromptRow> prompts,
        Func<IReadOnlyList<PromptRow>, IReadOnlyList<SampleRow>> sample, Action<string> say, int perPart = PromptsPerPart)
    {
        int parts = (prompts.Count + perPart - 1) / perPart;
        for (int part = 0; part < parts; part++)
        {
            string path = stage.File($"samples-{part:D5}.jsonl");
            if (File.Exists(path)) continue;
            IReadOnlyList<SampleRow> rows = sample([.. prompts.Skip(part * perPart).Take(perPart)]);
            RowFile.Write(path, rows);
            if (parts > 1) say($"{stage.Name}: part {part + 1} of {parts}");
        }
    }

    /// <summary>The samples of several stages to the same prompts, those of a prompt together.</summary>
    public static IReadOnlyList<SampleRow> Read(IReadOnlyList<StageFolder> stages)
    {
        SampleRow[][] all = [.. stages.Select(s => Read(s).ToArray())];
        T[] Joined<T>(int i, Func<SampleRow, T[]?> column) => [.. all.SelectMany(rows => column(rows[i])!)];
        return all.Length == 1 ? all[0] : [.. all[0].Select((row, i) => row with
        {
            Responses = Joined(i, r => r.Responses),
            ResponseIds = Joined(i, r => r.ResponseIds),
            Logprobs = Joined(i, r => r.Logprobs),
            FinishReasons = Joined(i, r => r.FinishReasons),
        })];
    }

    public static IEnumerable<SampleRow> Read(StageFolder stage) =>
        Directory.EnumerateFiles(stage.Path, "samples-*.jsonl").Order(StringComparer.Ordinal)
            .SelectMany(part => RowFile.ReadSamples(stage.File(Path.GetFileName(part))));
}
