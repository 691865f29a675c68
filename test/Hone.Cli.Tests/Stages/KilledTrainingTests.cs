using System.Diagnostics;

namespace Hone.Cli.Tests;

public class KilledTrainingTests : StageTest
{
    private string[] Sft(string output, params string[] more) =>
    [
        "sft", "--model", Model, "--data", Rows.Conversations(At("sft.jsonl")), "--output", output, .. Short("sft"),
        "--set", "sft.epochs=100", "--set", "sft.save_every=50", "--set", "sft.eval_every=0", .. more,
    ];

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    public async Task A_killed_training_goes_on_to_the_same_weights(string signal)
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("signals of POSIX");
        using Process process = Command.Start(Sft(At("cut")));
        await StateAppears(Path.Combine(At("cut.training"), "sft", "states"), process);
        using (Process kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"])!) await kill.WaitForExitAsync();
        Result result = await Command.End(process);
        Assert.Equal(signal == "INT" ? 130 : 137, result.Code);
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

    private static async Task StateAppears(string folder, Process process)
    {
        while (!(Directory.Exists(folder) && Directory.EnumerateDirectories(folder, "state-*").Any()))
        {
            if (process.HasExited) Assert.Fail(await process.StandardError.ReadToEndAsync());
            await Task.Delay(5);
        }
    }
}
