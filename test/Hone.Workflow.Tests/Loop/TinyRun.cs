using System.Text;
using System.Text.RegularExpressions;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Runs.Tests.Folders;
using Hone.Runs.Tests.Metrics;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// The whole loop on the embedded world with a model of a few thousand weights, in a second or two: all stages, two
/// iterations. It is begun and gone on with in this process, and can be stopped wherever it says something.
/// </summary>
internal sealed partial class TinyRun
{
    private const string RecipeFormat = """
        name: tiny
        device: cpu
        model: {0}
        data:
          world: tiny
          held_out: {{sft: 4, reward: 12, selection: 6, test: 6}}
          limits: {{sft: 20, preferences: 48}}
        sft: {{learning_rate: 1e-2, batch_size: 4, max_length: 256, micro_batch_tokens: 8192, log_every: 1, eval_every: 2, save_every: 1}}
        reward:
          learning_rate: 1e-2
          batch_size: 12
          max_length: 256
          micro_batch_tokens: 512
          log_every: 1
          eval_every: 2
          save_every: 1
        offline_dpo:
          learning_rate: 1e-3
          batch_size: 12
          max_length: 256
          max_prompt_length: 128
          micro_batch_tokens: 512
          log_every: 1
          eval_every: 2
          save_every: 1
        online:
          epochs: 1
          iterations: 2
          prompts_per_iteration: 12
          samples: [{{count: 2, temperature: 1.0}}, {{count: 2, temperature: 0.7}}]
          max_new_tokens: 12
          learning_rate: 1e-3
          batch_size: 4
          max_length: 256
          max_prompt_length: 128
          micro_batch_tokens: 512
          log_every: 1
          save_every: 1
        evaluation: {{temperature: 1.0, max_new_tokens: 12, bootstrap_samples: 100}}
        report: {{samples: 2}}
        """;

    private readonly TestClock _clock = new();
    private readonly string _recipe;

    internal TinyRun(string folder, string model, string recipe = RecipeFormat) =>
        (Folder, _recipe) = (folder, string.Format(System.Globalization.CultureInfo.InvariantCulture, recipe, model));

    internal string Folder { get; }

    /// <summary>What it said, over all processes.</summary>
    internal List<string> Lines { get; } = [];

    internal string File(string name) => Path.Combine(Folder, name);

    /// <summary>Begins the run, or goes on with it.</summary>
    /// <param name="heard">Gets every line of progress when it is said; may throw, which ends the process as a kill would.</param>
    /// <param name="stop">Asks the run to save and end.</param>
    /// <param name="set">Overrides of the recipe.</param>
    internal RunResults Go(
        Action<string>? heard = null, CancellationTokenSource? stop = null,
        string[]? set = null, string[]? redo = null, IDurableFiles? files = null)
    {
        RecipeOverride[] overrides = [.. (set ?? []).Select(RecipeOverride.Set)];
        using RunFolder folder = RunFolder.Exists(Folder)
            ? RunFolder.Resume(Folder, _clock, overrides, files)
            : RunFolder.Create(Folder, ResolvedRecipe.Parse(_recipe, "tiny.yaml", overrides), _clock, files);
        using var output = new LineWriter(line =>
        {
            Lines.Add(line);
            heard?.Invoke(line);
        });
        var display = new ProgressDisplay(output, live: false, _clock, TimeSpan.Zero);
        return RunSession.Execute(folder, display, _clock, stop?.Token ?? CancellationToken.None, redo, files);
    }

    /// <summary>Begins the run, or goes on with it, and kills it when a line that begins so is said.</summary>
    internal void KillAt(string line, string[]? set = null, string[]? redo = null) =>
        Assert.Throws<KilledException>(() => Go(said =>
        {
            if (said.StartsWith(line, StringComparison.Ordinal)) throw new KilledException();
        }, set: set, redo: redo));

    /// <summary>
    /// Begins the run, or goes on with it, and asks it to stop after an optimiser step, the first or a later one. False: it came to the
    /// end.
    /// </summary>
    internal bool StopAfterOneStep(string[]? set = null, string[]? redo = null) => StopAfter(1, set, redo);

    internal bool StopAfter(int steps, string[]? set = null, string[]? redo = null)
    {
        using var stop = new CancellationTokenSource();
        try
        {
            Go(said =>
            {
                if (Step().IsMatch(said) && --steps == 0) stop.Cancel();
            }, stop, set, redo);
            return false;
        }
        catch (OperationCanceledException)
        {
            return true;
        }
    }

    /// <summary>The same run, as it stands, in another folder.</summary>
    internal TinyRun CopyTo(string folder)
    {
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            System.IO.File.Copy(file, copy);
        }
        return new TinyRun(folder, "");
    }

    [GeneratedRegex(@"\A[a-z0-9/-]+ \d+/\d+  loss ")]
    private static partial Regex Step();

    private sealed class LineWriter(Action<string> line) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void WriteLine(string? value) => line(value ?? "");
    }
}
