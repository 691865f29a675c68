using System.Collections.Concurrent;
using System.Diagnostics;
using Hone.Inference;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

/// <summary>
/// Requests that come and go at random for millions of tokens: some are cancelled, some fail, the cache is too small for all. Every one
/// that ends well is compared with the same request alone, nothing may be stuck, and memory must be flat.
/// </summary>
internal static class Soak
{
    private const int AtOnce = 40, Forbidden = 349;
    private static readonly TimeSpan s_stuck = TimeSpan.FromMinutes(2);

    /// <returns>The process's exit code: 0 where all went well.</returns>
    public static int Run(long tokens, int seed)
    {
        var config = new TransformerConfig
        {
            VocabularySize = 350, HiddenSize = 32, IntermediateSize = 64, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, HeadDim = 8,
            MaxPositions = 256, TieEmbeddings = true,
        };
        using var model = new Transformer(config, RandomWeights.Create(config, seed: 1, deviation: 0.25), ScalarType.Float32);
        using var scheduler = new Scheduler(
            () => new Failing(new CpuEngine(model, CpuFormat.Float32, threads: 1)), config, new StopRules([7]),
            tokenizer: null, new BatchLimits(32, 80 * 2 * 2 * 2 * 32 * 16 * sizeof(float), PassTokens: 512, SharedPassTokens: 64),
            KeptBetween.Prefixes);
        // What is finished is compared beside what goes on, on a thread of its own.
        using var finished = new BlockingCollection<(GenerationRequest Request, IReadOnlyList<Completion> Answers)>(boundedCapacity: 64);
        (int good, int wrong) = (0, 0);
        var comparing = new Thread(() =>
        {
            using var alone = new Scheduler(() => new CpuEngine(model, CpuFormat.Float32, threads: 1), config, new StopRules([7]),
                tokenizer: null, new BatchLimits(1), KeptBetween.Weights);
            foreach ((GenerationRequest request, IReadOnlyList<Completion> answers) in finished.GetConsumingEnumerable())
            {
                bool same = answers.Zip(alone.Generate([request])).All(p => p.First.Ids.AsSpan().SequenceEqual(p.Second.Ids)
                    && p.First.FinishReason == p.Second.FinishReason);
                if (same) good++;
                else Interlocked.Increment(ref wrong);
            }
        });
        comparing.Start();
        var random = new Random(seed);
        List<Running> running = [];
        (long made, int cancelled, int failed) = (0, 0, 0);
        (long early, long next) = (0, tokens / 10);
        long start = Stopwatch.GetTimestamp();
        while (made < tokens || running.Count > 0)
        {
            while (made < tokens && running.Count < AtOnce) running.Add(Arrive());
            // A pause in the arrivals now and then, so that the engine runs low on requests; nothing is waited for.
            if (random.Next(200) == 0) Thread.Sleep(1);
            Task<IReadOnlyList<Completion>>[] tasks = [.. running.Select(r => r.Task)];
            int ended = Task.WaitAny(tasks, s_stuck);
            if (ended < 0)
            {
                Console.Error.WriteLine($"stuck: {running.Count} requests after {made} tokens");
                return 1;
            }
            Running one = running[ended];
            running.RemoveAt(ended);
            if (one.Task.IsCanceled && one.Cancel.IsCancellationRequested) cancelled++;
            else if (one.Task.IsFaulted && (one.Fails || one.Task.Exception.InnerException is TimeoutException)) failed++;
            else if (one.Task.IsCompletedSuccessfully && !one.Fails)
            {
                finished.Add((one.Request, one.Task.Result));
                made += one.Task.Result.Sum(a => a.Ids.Length);
            }
            else Interlocked.Increment(ref wrong);
            one.Cancel.Dispose();
            if (made < next) continue;
            next += tokens / 10;
            long memory = GC.GetTotalMemory(forceFullCollection: true), resident = Environment.WorkingSet;
            if (early == 0) early = resident;
            Console.WriteLine($"{{\"tokens\": {made}, \"good\": {good}, \"cancelled\": {cancelled}, \"failed\": {failed}, "
                + $"\"wrong\": {wrong}, "
                + $"\"managed_mb\": {memory / 1e6:F1}, \"resident_mb\": {resident / 1e6:F0}, "
                + $"\"tokens_s\": {made / Stopwatch.GetElapsedTime(start).TotalSeconds:F0}}}");
        }
        finished.CompleteAdding();
        comparing.Join();
        bool flat = Environment.WorkingSet - early < 64 << 20;
        Console.WriteLine(wrong == 0 && flat ? $"all well: {good} requests as they are alone, {cancelled} cancelled, {failed} failed"
            : $"{wrong} wrong, memory {(flat ? "flat" : "grows")}");
        return wrong == 0 && flat ? 0 : 1;

        Running Arrive()
        {
            bool fails = random.Next(15) == 0;
            // A few beginnings, so that prefixes are found; some prompts long enough to be read in pieces.
            int length = random.Next(6) == 0 ? random.Next(60, 120) : random.Next(1, 40), kind = random.Next(5);
            int[] prompt = [.. Enumerable.Range(0, length).Select(i => (1 + (i * (kind + 1) * 7) + (i / 13)) % Forbidden),
                .. fails ? [Forbidden] : Array.Empty<int>()];
            var options = new SamplingOptions
            {
                DoSample = true, MaxNewTokens = random.Next(1, 120), Seed = (ulong)random.Next(),
                Temperature = random.Next(2) == 0 ? 1 : 0.8,
                TopK = random.Next(3) == 0 ? 20 : 0, LogitBias = new Dictionary<int, double> { [Forbidden] = -100 },
            };
            var cancel = new CancellationTokenSource();
            if (random.Next(10) == 0) cancel.CancelAfter(random.Next(0, 10));
            var request = new GenerationRequest(prompt, options, random.Next(1, 6));
            return new Running(request, scheduler.Submit([request], cancel.Token).Completions, cancel, fails);
        }
    }

    private sealed record Running(
        GenerationRequest Request, Task<IReadOnlyList<Completion>> Task, CancellationTokenSource Cancel, bool Fails);

    /// <summary>Fails at one token, and now and then for no reason at all: then each part is computed again by itself.</summary>
    private sealed class Failing(IForwardEngine inner) : IForwardEngine
    {
        private int _pass;

        public int BlockTokens => inner.BlockTokens;

        public long BlockBytes => inner.BlockBytes;

        public void Reserve(int count) => inner.Reserve(count);

        public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks) => inner.CopyBlocks(blocks);

        public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null)
        {
            if (parts.Any(p => p.Tokens.Span.Contains(Forbidden))) throw new InvalidOperationException("a token that fails");
            if (++_pass % 997 == 0 && parts.Count > 8) throw new TimeoutException("a pass that fails");
            inner.Forward(parts, logits, draws);
        }

        public void Dispose() => inner.Dispose();
    }
}
