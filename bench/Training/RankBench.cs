using System.Diagnostics;
using System.Globalization;
using Hone.Data;
using Hone.Models;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

/// <summary>Training steps shared by several processes of this machine, each with a number of threads.</summary>
internal static class RankBench
{
    /// <summary>Starts the ranks, which run <see cref="Rank"/>; rank 0 prints.</summary>
    public static int Launch(string[] own, int size, int threads)
    {
        int port = RankMeeting.FreePort();
        Process[] ranks = [.. Enumerable.Range(0, size).Select(rank =>
        {
            var start = new ProcessStartInfo("dotnet", [typeof(RankBench).Assembly.Location, "rank", .. own]);
            foreach ((string name, string value) in RankPlace.Variables(rank, size, port)) start.Environment[name] = value;
            start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
            return Process.Start(start)!;
        })];
        foreach (Process rank in ranks) rank.WaitForExit();
        return ranks.Max(r => r.ExitCode);
    }

    /// <summary>One rank: what is timed, and its settings.</summary>
    public static int Rank(string[] args)
    {
        LibTorch.Load();
        TracedCollective? traced = null;
        RankPlace? place = RankPlace.Of(Environment.GetEnvironmentVariable);
        using Ranks ranks = Ranks.Join(place,
            () => !args.Contains("nccl") ? CollectiveChoice.Gloo
                : CollectiveChoice.Of(place!, "nccl", TorchSharp.torch.device($"cuda:{place!.LocalRank}")),
            new Dictionary<string, string>(), _ => { }, around: c => args[0] == "trace" ? traced = new TracedCollective(c) : c);
        if (args[0] == "trace") RankTrace.Run(ranks, traced!, args[1], args[2]);
        else if (args[0] == "allreduce") AllReduce(ranks, int.Parse(args[1], CultureInfo.InvariantCulture));
        else Steps(ranks, args[1], int.Parse(args[2], CultureInfo.InvariantCulture), int.Parse(args[3], CultureInfo.InvariantCulture),
            args.Contains("zero"), args.Contains("deterministic"));
        ranks.Leave();
        return 0;
    }

    /// <summary>SFT on 8 sequences of 256 tokens, in so many passes of one process; the best of the steps after the first.</summary>
    private static void Steps(Ranks ranks, string shape, int accumulate, int steps, bool zero, bool deterministic)
    {
        TransformerConfig config = Shapes.Of(shape);
        SftExample[] examples =
            [.. Rows.Conversations("sft", config.VocabularySize).Select(ids => new SftExample(ids, [.. ids.Select(_ => true)]))];
        using var model = new Transformer(config, RandomWeights.Create(config, 1), ScalarType.Float32);
        var times = new List<double>();
        double loss = 0;
        long begun = Stopwatch.GetTimestamp();
        using var trainer = new Trainer<SftExample>(model, new SftObjective(), examples, [],
            new TrainingOptions
            {
                LearningRate = 1e-4, BatchSize = examples.Length, Epochs = steps, Seed = 1, MicroBatchTokens = 2048 / accumulate,
                ShardOptimizer = zero, Deterministic = deterministic,
            },
            new TrainingHooks(report =>
            {
                times.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
                (loss, begun) = (report.Metrics["loss"], Stopwatch.GetTimestamp());
            }, (_, _) => { }, (_, _) => { }), ranks);
        trainer.Run(CancellationToken.None);
        if (ranks.Leads)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{ranks.Size} ranks x {get_num_threads()} threads, {shape}, accumulation {accumulate}: {times.Skip(1).Min():F3} s a step, "
                    + $"{2048 / times.Skip(1).Min():F0} tok/s, loss {loss:F5}"));
    }

    private static void AllReduce(Ranks ranks, int megabytes)
    {
        using Tensor tensor = ones(megabytes * 250_000L, device: ranks.Device), other = empty_like(tensor);
        bool gpu = ranks.Device.type == TorchSharp.DeviceType.CUDA;
        (double reduce, double copy) = (double.PositiveInfinity, double.PositiveInfinity);
        for (int round = 0; round < 10; round++)
        {
            long begun = Stopwatch.GetTimestamp();
            ranks.Wait(ranks.AllReduce(tensor));
            reduce = Math.Min(reduce, Stopwatch.GetElapsedTime(begun).TotalSeconds);
            begun = Stopwatch.GetTimestamp();
            other.copy_(tensor);
            if (gpu) cuda.synchronize();
            copy = Math.Min(copy, Stopwatch.GetElapsedTime(begun).TotalSeconds);
        }
        float expected = MathF.Pow(ranks.Size, 10);
        if (tensor.min().item<float>() != expected || tensor.max().item<float>() != expected)
            throw new InvalidOperationException($"rank {ranks.Rank}: the sum is not {expected}");
        if (ranks.Leads)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{ranks.Size} ranks: all-reduce of {megabytes} MB {1000 * reduce:F1} ms, a copy of it {1000 * copy:F1} ms"));
    }
}
