using System.Diagnostics;
using System.Numerics.Tensors;
using Hone.Inference;
using Hone.Inference.Engines.Cpu;
using Hone.Models;

/// <summary>What one process measures of Hone's engine.</summary>
internal static unsafe class Measure
{
    private const int Prompt = 128;

    public static void Engine(string shape, CpuFormat format, CpuPath? path, int[] batches)
    {
        long start = Stopwatch.GetTimestamp();
        using Transformer model = Shapes.Model(shape);
        double made = Stopwatch.GetElapsedTime(start).TotalSeconds;
        start = Stopwatch.GetTimestamp();
        using var engine = new CpuEngine(model, format, path: path);
        double packed = Stopwatch.GetElapsedTime(start).TotalSeconds, gigabytes = engine.BytesPerPass / 1e9;
        double source = ModelMemory.Weights(model.Config, model.ComputeType) / 1e9;
        Console.WriteLine(
            $"{{\"pack_s\": {packed:F2}, \"pack_gb_s\": {source / packed:F2}, \"pass_gb\": {gigabytes:F3}, \"made_s\": {made:F1}}}");
        model.Dispose();
        GC.Collect();
        foreach (int batch in batches)
        {
            double speed = Decode(engine, model.Config, batch, Shapes.NewTokens(shape));
            Console.WriteLine($"{{\"batch\": {batch}, \"tokens_s\": {speed:F1}, \"gb_s\": {speed / batch * gigabytes:F1}}}");
        }
        int length = shape switch { "8B" => 64, "1B" => 256, _ => 512 };
        Console.WriteLine($"{{\"prefill\": {length}, \"tokens_s\": {Prefill(engine, model.Config, length):F1}}}");
    }

    /// <summary>GB/s of reading 1 GiB with as many threads as there are cores.</summary>
    public static void Bandwidth()
    {
        using var memory = new NativeBuffer<float>(1L << 28);
        new Span<float>(memory.Pointer, int.MaxValue / 8).Fill(1);
        int threads = Environment.ProcessorCount;
        using var pool = new WorkerPool(threads);
        nint from = (nint)memory.Pointer;
        var sums = new float[threads * 64];
        double best = 0;
        for (int round = 0; round < 8; round++)
        {
            long start = Stopwatch.GetTimestamp();
            pool.Run(1024, (begin, end, worker) =>
            {
                for (int i = begin; i < end; i++)
                    sums[worker * 64] += TensorPrimitives.Sum(new ReadOnlySpan<float>((float*)from + ((long)i << 18), 1 << 18));
            });
            best = Math.Max(best, (1L << 30) / 1e9 / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        Console.WriteLine($"{{\"read_gb_s\": {best:F1}}}");
    }

    private static double Decode(CpuEngine engine, TransformerConfig config, int batch, int newTokens)
    {
        int own = (newTokens + engine.BlockTokens - 1) / engine.BlockTokens, shared = Prompt / engine.BlockTokens;
        engine.Reserve(shared + (batch * own));
        int[] prompt = [.. Enumerable.Range(0, Prompt).Select(i => i * 37 % config.VocabularySize)];
        int[] first = [.. Enumerable.Range(0, shared)];
        engine.Forward([new SequencePart(prompt, 0, Prompt, first, false)], (_, _) => { });
        int[][] blocks = [.. Enumerable.Range(0, batch).Select(i => (int[])[.. first, .. Enumerable.Range(shared + (i * own), own)])];
        var parts = new SequencePart[batch];
        float sink = 0;
        LogitsReader reader = (_, logits) => sink += logits[0];
        var speeds = new List<double>();
        for (int round = 0; round < 4; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int t = 0; t < newTokens; t++)
            {
                for (int i = 0; i < batch; i++)
                    parts[i] = new SequencePart(prompt.AsMemory((i + t) % Prompt, 1), Prompt + t, Prompt + t + 1, blocks[i], true);
                engine.Forward(parts, reader);
            }
            if (round > 0) speeds.Add(batch * newTokens / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return Median(speeds);
    }

    private static double Prefill(CpuEngine engine, TransformerConfig config, int length)
    {
        int[] ids = [.. Enumerable.Range(0, length).Select(i => i * 37 % config.VocabularySize)];
        int[] blocks = [.. Enumerable.Range(0, length / engine.BlockTokens)];
        engine.Reserve(blocks.Length);
        var speeds = new List<double>();
        for (int round = 0; round < 3; round++)
        {
            long start = Stopwatch.GetTimestamp();
            engine.Forward([new SequencePart(ids, 0, length, blocks, true)], (_, _) => { });
            speeds.Add(length / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return Median(speeds);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }
}
