using System.Diagnostics;

namespace Hone.Cli.Tests;

/// <summary>A real full disk: a small file system in memory, which only root may mount.</summary>
public sealed class FullDiskTests : StageTest
{
    [Fact]
    public void A_disk_that_fills_up_during_a_checkpoint_keeps_the_last_state_and_the_training_goes_on_later()
    {
        string[] Sft(string output) =>
        [
            "sft", "--model", Model, "--data", Rows.Conversations(At("sft.jsonl")),
            "--output", output, .. Short("sft"), "--set", "sft.save_every=1",
        ];
        Command.Done(Sft(At("whole")));
        // A state holds weights and two moments: room for one, not for two, beside what a training writes all along, in pages.
        long model = new FileInfo(At("whole/model.safetensors")).Length, state = 3 * model;
        long beside = new DirectoryInfo(At("whole")).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length + 4096) - model;
        string disk = At("disk");
        Directory.CreateDirectory(disk);
        if (!Mount("-t", "tmpfs", "-o", $"size={((state * 3 / 2) + Math.Min(beside, state / 4)) / 4096 * 4096}", "tmpfs", disk))
            Assert.Skip("mounting a small disk needs root");
        try
        {
            string error = Command.Refused(Sft(Path.Combine(disk, "out")));
            Assert.Contains("the state of step 2 could not be saved", error, StringComparison.Ordinal);
            Assert.Contains("The state of step 1 is intact", error, StringComparison.Ordinal);
            Assert.True(Mount("-o", $"remount,size={state * 4}", disk));
            Assert.Contains("goes on from step 1",
                Command.Done([.. Sft(Path.Combine(disk, "out")), "--resume"]).Error, StringComparison.Ordinal);
            Assert.Equal(Weights(At("whole")), Weights(Path.Combine(disk, "out")));
        }
        finally
        {
            Assert.True(Call("umount", disk));
        }
    }

    /// <summary>Every verb that writes, on a disk without room and on a read-only one: the place, and what to do.</summary>
    [Fact]
    public void Every_verb_that_writes_says_what_to_do_about_a_disk_that_refuses()
    {
        string prompts = Rows.Prompts(At("prompts.jsonl")), samples = At("samples.jsonl"), scored = At("scored.jsonl"), disk = At("disk");
        string[] few = ["--n", "2", "--max-new-tokens", "4", "--device", "cpu"];
        Command.Done(["sample", "--model", Model, "--prompts", prompts, "--output", samples, .. few]);
        Command.Done("score", "--model", Reward, "--samples", samples, "--output", scored, "--device", "cpu");
        string pairs = Rows.Preferences(At("pairs.jsonl")), chats = Rows.Conversations(At("chats.jsonl"));
        string Out(string name) => Path.Combine(disk, name);
        string[][] verbs =
        [
            ["sft", "--model", Model, "--data", chats, "--output", Out("sft"), .. Short("sft")],
            ["reward", "--model", Model, "--data", pairs, "--output", Out("reward"), .. Short("reward")],
            ["dpo", "--model", Model, "--pairs", pairs, "--output", Out("dpo"), .. Short("offline_dpo")],
            ["sample", "--model", Model, "--prompts", prompts, "--output", Out("samples.jsonl"), .. few],
            ["score", "--model", Reward, "--samples", samples, "--output", Out("scored.jsonl"), "--device", "cpu"],
            ["pair", "--samples", scored, "--output", Out("pairs.jsonl")],
            ["export", Model, "--gguf", "F32", "--output", Out("model.gguf")],
            ["recipe", "init", Out("recipe.yaml"), "--model", Model, "--data", chats],
        ];
        Directory.CreateDirectory(disk);
        if (!Mount("-t", "tmpfs", "-o", "size=4096,nr_inodes=2", "tmpfs", disk)) Assert.Skip("mounting a small disk needs root");
        try
        {
            foreach (string state in new[] { "full", "read-only" })
            {
                if (state == "read-only") Assert.True(Mount("-o", "remount,ro", disk));
                foreach (string[] verb in verbs)
                {
                    Result result = Command.Run(verb);
                    string said = $"hone {string.Join(' ', verb)} on a {state} disk: exit code {result.Code}\n{result.Out}{result.Error}";
                    Assert.True(result.Code is 1 or 2, said);
                    Assert.True(result.Error.Contains(disk, StringComparison.Ordinal), said);
                    Assert.True(result.Error.Contains("choose another place", StringComparison.OrdinalIgnoreCase), said);
                    Assert.DoesNotContain("   at Hone.", result.Error, StringComparison.Ordinal);
                }
            }
        }
        finally
        {
            Assert.True(Call("umount", disk));
        }
    }

    private static bool Mount(params string[] args) => OperatingSystem.IsLinux() && Call("mount", args);

    private static bool Call(string program, params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
