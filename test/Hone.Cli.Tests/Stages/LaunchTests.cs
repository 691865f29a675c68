using System.Diagnostics;
using Hone.Training;

namespace Hone.Cli.Tests;

/// <summary>Several processes that train together, started as people start them.</summary>
public class LaunchTests : StageTest
{
    private string[] Sft(string output, params string[] more) =>
    [
        "sft", "--model", Model, "--data", Rows.Conversations(At("sft.jsonl")), "--output", output, .. Short("sft"),
        "--set", "ranks.deterministic=true", "--set", "sft.micro_batch_tokens=256", .. more,
    ];

    private static string[] Two(string[] command) => ["launch", "--ranks", "2", "--", .. command];

    /// <summary>SFT, a reward model, offline DPO and an online iteration.</summary>
    [Fact]
    public async Task A_whole_run_by_two_ranks_leaves_the_bytes_of_one_process()
    {
        File.WriteAllText(At("recipe.yaml"), $"""
            model: {Model}
            device: cpu
            data:
              sft: {Rows.Conversations(At("sft.jsonl"))}
              preferences: {Rows.Preferences(At("pairs.jsonl"))}
              prompts: {Rows.Prompts(At("prompts.jsonl"))}
              held_out: @sft: 4, reward: 4, selection: 4, test: 0#
            adapter: @rank: 4, dropout: 0.1#
            sft: @batch_size: 8, max_length: 200, micro_batch_tokens: 100, learning_rate: 1e-2, log_every: 1#
            reward: @batch_size: 8, max_length: 200, micro_batch_tokens: 100, learning_rate: 1e-2, log_every: 1#
            offline_dpo: @batch_size: 8, max_length: 200, max_prompt_length: 100, micro_batch_tokens: 100, beta_sweep: [0.5]#
            online: @iterations: 1, prompts_per_iteration: 8, max_new_tokens: 8, batch_size: 4, max_length: 200, max_prompt_length: 100#
            evaluation: @enabled: false#
            ranks: @deterministic: true, shard_optimizer: true#
            """.Replace('@', '{').Replace('#', '}'));
        string[] Run(string output) => ["run", At("recipe.yaml"), "--output", At(output)];
        Result result = await Command.End(Command.Start(Two(Run("two"))));
        Assert.True(result.Code == 0, result.Error);
        TinyModel.OneThread();
        Command.Done(Run("one"));
        foreach (string stage in new[] { "sft", "reward", "offline-dpo", "offline-dpo-beta-0-5", "online-1/dpo" })
        {
            Assert.Contains($"{stage}: 2 ranks over gloo on ", result.Error, StringComparison.Ordinal);
            string adapter = $"{stage}/model/adapter_model.safetensors";
            Assert.Equal(File.ReadAllBytes(At($"one/{adapter}")), File.ReadAllBytes(At($"two/{adapter}")));
        }
        Assert.Equal(File.ReadAllBytes(At("one/metrics.jsonl")), File.ReadAllBytes(At("two/metrics.jsonl")));
    }

    [Fact]
    public async Task A_killed_rank_ends_all_by_name_and_one_process_goes_on_to_the_same_weights()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("reads /proc");
        const int victim = 1;
        string[] Long(string output) => Sft(output, "--set", "sft.epochs=60", "--set", "sft.save_every=5");
        using Process launcher = Command.Start(Two(Long(At("cut"))));
        Task<Result> end = Command.End(launcher);
        string states = At("cut.training/sft/states");
        static bool IsWhole(string state) => !state.EndsWith(".partial", StringComparison.Ordinal);
        while (!(Directory.Exists(states) && Directory.EnumerateDirectories(states).Any(IsWhole)))
        {
            Assert.False(launcher.HasExited, "the training ended before it was cut off");
            await Task.Delay(5);
        }
        int[] ranks = Children(launcher.Id);
        Assert.Equal(2, ranks.Length);
        long begun = Stopwatch.GetTimestamp();
        using (Process rank = Process.GetProcessById(ranks[victim])) rank.Kill();
        Result result = await end;
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30));
        Assert.NotEqual(0, result.Code);
        Assert.Contains($"rank {victim} on {Environment.MachineName} is lost", result.Error, StringComparison.Ordinal);

        TinyModel.OneThread();
        Assert.Contains("goes on from step", Command.Done([.. Long(At("cut")), "--resume"]).Error, StringComparison.Ordinal);
        Command.Done(Long(At("whole")));
        Assert.Equal(Weights(At("whole")), Weights(At("cut")));
    }

    /// <summary>Before ranks have met none of them knows of the others; whoever started them does.</summary>
    [Fact(Explicit = true)] // half a minute
    public async Task A_rank_stopped_before_ranks_have_met_ends_all_by_name()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("reads /proc");
        using Process launcher = Command.Start(Two(Sft(At("out"))));
        Task<Result> end = Command.End(launcher);
        while (Children(launcher.Id).Length < 2) await Task.Delay(5);
        long begun = Stopwatch.GetTimestamp();
        Assert.Equal(0, Command.Signal(Children(launcher.Id)[1], 19)); // SIGSTOP
        Result result = await end;
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(30));
        Assert.NotEqual(0, result.Code);
        Assert.Contains("rank 1 has been stopped", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ranks_with_other_settings_are_refused_and_leave_nothing()
    {
        int port = RankMeeting.FreePort();
        Process Rank(int rank, string rate) => Command.Start(Sft(At("out"), "--set", $"sft.learning_rate={rate}"),
            ("RANK", $"{rank}"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", $"{port}"));
        Result[] results = await Task.WhenAll(Command.End(Rank(0, "1e-2")), Command.End(Rank(1, "2e-2")));
        Assert.All(results, r => Assert.Equal(2, r.Code));
        Assert.All(results, r => Assert.Contains("recipe sft.learning_rate: 0.01 -> 0.02", r.Error, StringComparison.Ordinal));
        Assert.False(Path.Exists(At("out.training")));
    }

    [Fact]
    public async Task Nccl_is_refused_where_ranks_train_on_the_cpu()
    {
        Result result = await Command.End(Command.Start(Sft(At("out"), "--set", "ranks.engine=nccl", "--set", "device=cpu"),
            ("RANK", "1"), ("WORLD_SIZE", "2"), ("MASTER_ADDR", "127.0.0.1"), ("MASTER_PORT", $"{RankMeeting.FreePort()}")));
        Assert.Equal(2, result.Code);
        Assert.Contains("this rank trains on the CPU", result.Error, StringComparison.Ordinal);
        Assert.Contains($"rank 1 on {Environment.MachineName}", result.Error, StringComparison.Ordinal);
        Assert.Contains("Take ranks.engine: gloo", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ranks_that_mpirun_starts_use_its_library()
    {
        if (Environment.GetEnvironmentVariable("PATH")!.Split(':').All(f => !File.Exists(Path.Combine(f, "mpirun"))))
            Assert.Skip("mpirun is not installed");
        var start = new ProcessStartInfo("mpirun", ["-np", "2", "--oversubscribe", "dotnet", typeof(Cli).Assembly.Location,
            .. Sft(At("mpi"))])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string name in new[] { "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "OMP_NUM_THREADS" })
            start.Environment[name] = "1";
        Result result = await Command.End(Process.Start(start)!);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("2 ranks over mpi on ", result.Error, StringComparison.Ordinal);
        TinyModel.OneThread();
        Command.Done(Sft(At("one")));
        Assert.Equal(Weights(At("one")), Weights(At("mpi")));
    }

    [Fact]
    public void A_launch_says_what_it_needs()
    {
        Assert.Contains("needs a command after --", Command.Refused("launch", "--ranks", "2"), StringComparison.Ordinal);
        Assert.Contains("--ranks", Command.Refused("launch", "--", "run", "x.yaml"), StringComparison.Ordinal);
        Assert.Contains("hone sample is not shared by ranks", Command.Refused("launch", "--ranks", "2", "--", "sample"),
            StringComparison.Ordinal);
        Assert.Contains("0 is not between", Command.Refused("launch", "--ranks", "0", "--", "run", "x.yaml"), StringComparison.Ordinal);
    }

    private static int[] Children(int process) => [.. Directory.EnumerateDirectories("/proc")
        .Select(d => int.TryParse(Path.GetFileName(d), out int id) ? id : 0)
        .Where(id => id > 0 && ParentOf(id) == process).Order()];

    private static int ParentOf(int process)
    {
        try
        {
            string stat = File.ReadAllText($"/proc/{process}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0; // it ended meanwhile
        }
    }
}
