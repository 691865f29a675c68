using System.Diagnostics;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Cli.Tests;

public class KilledTrainingTests : StageTest
{
    private string[] Sft(string output, params string[] more) =>
    [
        "sft", "--model", Model, "--data", Rows.Conversations(At("sft.jsonl")), "--output", output, .. Short("sft"),
        "--set", "sft.epochs=100", "--set", "sft.save_every=10", "--set", "sft.eval_every=0", .. more,
    ];

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task A_killed_training_goes_on_to_the_same_weights(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals of POSIX");
        using Process process = Command.Start(Sft(At("cut")));
        await StateAppears(Path.Combine(At("cut.training"), "sft", "states"), process);
        // Not by a program of its own: the training might end before that has started.
        Assert.Equal(0, Command.Signal(process.Id, signal == "INT" ? 2 : 9));
        Result result = await Command.End(process);
        Assert.Equal(signal == "INT" ? 130 : 137, result.Code);
        if (signal == "INT")
            Assert.Contains($"Go on with:\n  hone sft --model {Model} --data {At("sft.jsonl")} --output {At("cut")} ", result.Error,
                StringComparison.Ordinal);
        Assert.False(Path.Exists(At("cut")));
        Assert.Contains("--resume", Command.Refused(Sft(At("cut"))), StringComparison.Ordinal);
        Assert.Contains("learning_rate",
            Command.Refused(Sft(At("cut"), "--resume", "--set", "sft.learning_rate=1e-3")), StringComparison.Ordinal);

        TinyModel.OneThread();
        Assert.Contains("goes on from step", Command.Done(Sft(At("cut"), "--resume")).Error, StringComparison.Ordinal);
        Command.Done(Sft(At("whole")));
        Assert.Equal(Weights(At("whole")), Weights(At("cut")));
        Assert.Equal(File.ReadAllBytes(At("whole/training/metrics.jsonl")), File.ReadAllBytes(At("cut/training/metrics.jsonl")));
    }

    [Fact]
    public void Resuming_what_was_never_begun_begins_it()
    {
        Command.Done(Sft(At("out"), "--resume", "--set", "sft.epochs=1", "--set", "sft.save_every=0"));
        Assert.True(File.Exists(At("out/config.json")));
    }

    /// <summary>A kill that comes before the first state leaves a folder, but nothing that would have to be done again.</summary>
    [Fact]
    public void A_training_in_which_no_step_was_done_is_begun_again_without_a_word_about_resuming()
    {
        Command.Done(Sft(At("whole"), "--set", "sft.epochs=1"));
        using (RunFolder.Create(At("out.training"), ResolvedRecipe.Parse("sft: {epochs: 7}", "recipe.yaml"), TimeProvider.System))
        {
            Directory.CreateDirectory(At("out.training/sft"));
            File.Copy(At("whole/training/metrics.jsonl"), At("out.training/sft/metrics.jsonl"));
        }
        Command.Done(Sft(At("out"), "--set", "sft.epochs=1"));
        Assert.Equal(Weights(At("whole")), Weights(At("out")));
    }

    /// <summary>A wrong input leaves nothing behind, so that the corrected command runs.</summary>
    [Fact]
    public void A_refused_start_leaves_no_folder()
    {
        string recipe = At("recipe.yaml");
        File.WriteAllText(recipe, $"model: {Model}\ndata: {{sft: {Rows.Preferences(At("pairs.jsonl"))}}}\n"
            + "reward: {enabled: false}\noffline_dpo: {enabled: false}\nonline: {enabled: false}\nevaluation: {enabled: false}\n");
        Command.Refused("run", recipe, "--output", At("run"));
        Assert.False(Path.Exists(At("run")));
        Command.Refused("dpo", "--model", Model, "--pairs", Rows.Prompts(At("prompts.jsonl")), "--output", At("out"));
        Assert.False(Path.Exists(At("out.training")));
        Command.Refused("sample", "--model", Model, "--prompts", At("nothing.jsonl"), "--output", At("new/samples.jsonl"));
        Command.Refused("score", "--model", Model, "--samples", At("nothing.jsonl"), "--output", At("new/scored.jsonl"));
        Command.Refused("pair", "--samples", At("nothing.jsonl"), "--output", At("new/pairs.jsonl"));
        Assert.False(Path.Exists(At("new")));
    }

    /// <summary>The message names --redo reference, and there is such an option.</summary>
    [Fact]
    public void What_a_message_advises_to_do_again_can_be_done_again()
    {
        string pairs = Rows.Preferences(At("pairs.jsonl"));
        string[] dpo = ["dpo", "--model", Model, "--reference", Model, "--pairs", pairs, "--output", At("out"), .. Short("offline_dpo")];
        // A reference that is done, and a training that fails.
        Assert.Equal(2, Command.Run([.. dpo, "--set", "adapter.rank=4", "--set", "adapter.targets=nothing"]).Code);
        Assert.True(Path.Exists(At("out.training/reference")));
        Rows.Write(pairs, i => new() { ["prompt"] = $"Other {i}?", ["chosen"] = "Yes.", ["rejected"] = "No." });
        string message = Command.Refused([.. dpo, "--resume", "--set", "adapter.rank=4", "--set", "adapter.targets=nothing"]);
        Assert.Contains("--redo reference", message, StringComparison.Ordinal);
        message = Command.Refused([.. dpo, "--resume", "--redo", "reference", "--set", "adapter.rank=4", "--set",
            "adapter.targets=nothing"]);
        Assert.DoesNotContain("--redo", message, StringComparison.Ordinal);
    }

    /// <summary>Sampling for hours was lost with the process.</summary>
    [Fact]
    public async Task Killed_sampling_keeps_what_it_has_and_goes_on_to_the_same_samples()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals of POSIX");
        string prompts = Rows.Write(At("prompts.jsonl"), i => new() { ["prompt"] = $"Question {i}, please?" }, count: 1000);
        string[] Sample(string output) =>
            ["sample", "--model", Model, "--prompts", prompts, "--n", "1", "--max-new-tokens", "24", "--device", "cpu", "--output", output];
        using Process process = Command.Start(Sample(At("cut.jsonl")));
        string first = At("cut.jsonl.training/samples/samples-00000.jsonl");
        while (!File.Exists(first))
        {
            Assert.False(process.HasExited);
            await Task.Delay(5);
        }
        process.Kill();
        await Command.End(process);
        Assert.False(File.Exists(At("cut.jsonl")));
        DateTime written = File.GetLastWriteTimeUtc(first);
        Assert.Contains("--resume", Command.Refused(Sample(At("cut.jsonl"))), StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(first));
        TinyModel.OneThread();
        Command.Done([.. Sample(At("cut.jsonl")), "--resume"]);
        Command.Done(Sample(At("whole.jsonl")));
        Assert.Equal(File.ReadAllText(At("whole.jsonl")), File.ReadAllText(At("cut.jsonl")));
        Assert.False(Path.Exists(At("cut.jsonl.training")));
    }

    private static async Task StateAppears(string folder, Process process)
    {
        while (!(Directory.Exists(folder) && Directory.EnumerateDirectories(folder, "state-*").Any(IsWhole)))
        {
            if (process.HasExited) Assert.Fail(await process.StandardError.ReadToEndAsync());
            await Task.Delay(5);
        }

        static bool IsWhole(string state) => !state.EndsWith(".partial", StringComparison.Ordinal);
    }
}
