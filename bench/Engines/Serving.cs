using System.Diagnostics;
using Hone.Inference;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

/// <summary>
/// Many requests, a long chat, an answer that quotes its prompt, a model from disk: what those who use an engine wait for.
/// </summary>
internal static class Serving
{
    private const int Requests = 256, Alone = 12;
    private static readonly int[] s_quotes = [0, 4, 10, 40], s_first = [1];
    private static readonly bool[] s_both = [false, true];

    /// <summary>256 requests of prompts of 16-512 tokens and answers of 16-256: together, one by one, and twice as many.</summary>
    public static void Mixed(string shape, CpuFormat format)
    {
        using Transformer model = Shapes.Model(shape);
        using Scheduler scheduler = Over(model, format);
        var random = new Random(1);
        GenerationRequest[] all = [.. Enumerable.Range(0, 2 * Requests).Select(i => new GenerationRequest(
            Random(random, random.Next(16, 513), model.Config.VocabularySize),
            new SamplingOptions { DoSample = true, MaxNewTokens = random.Next(16, 257), Seed = (ulong)i }))];
        Timed(scheduler, all[..4]);
        (double alone, int aloneTokens) = (0, 0);
        foreach (GenerationRequest request in all[..Alone])
        {
            (double seconds, int tokens) = Timed(scheduler, [request]);
            (alone, aloneTokens) = (alone + seconds, aloneTokens + tokens);
        }
        (double together, int togetherTokens) = Timed(scheduler, all[..Requests]);
        double speed = togetherTokens / together, single = aloneTokens / alone;
        Console.WriteLine($"{{\"requests\": {Requests}, \"tokens_s\": {speed:F0}, \"one_by_one\": {single:F0}, "
            + $"\"times\": {speed / single:F2}}}");
        double steady = Steady(scheduler, all);
        Console.WriteLine($"{{\"steady\": {steady:F0}, \"of_steady\": {speed / steady:F2}}}");
    }

    /// <summary>Tokens/s in the middle third of all requests' answers, while those that end are replaced.</summary>
    private static double Steady(Scheduler scheduler, GenerationRequest[] requests)
    {
        long total = requests.Sum(r => (long)r.Options.MaxNewTokens!.Value), seen = 0, start = 0, end = 0;
        scheduler.Generate(requests, _ =>
        {
            seen++;
            if (seen == total / 3) start = Stopwatch.GetTimestamp();
            if (seen == total * 2 / 3) end = Stopwatch.GetTimestamp();
        });
        return total / 3.0 / Stopwatch.GetElapsedTime(start, end).TotalSeconds;
    }

    /// <summary>A chat of 20 turns, 60 tokens each way: time to first token, with the history kept and computed anew.</summary>
    public static void Chat(string shape, CpuFormat format)
    {
        using Transformer model = Shapes.Model(shape);
        using Scheduler kept = Over(model, format, KeptBetween.Prefixes), anew = Over(model, format, KeptBetween.Weights);
        var random = new Random(1);
        int[] history = Random(random, 60, model.Config.VocabularySize);
        for (int turn = 1; turn <= 20; turn++)
        {
            int[] question = [.. history, .. Random(random, 60, model.Config.VocabularySize)];
            var request = new GenerationRequest(question, new SamplingOptions { DoSample = true, MaxNewTokens = 60, Seed = (ulong)turn });
            (double first, int[] answer) = FirstToken(kept, request);
            (double again, _) = FirstToken(anew, request with { Options = request.Options with { MaxNewTokens = 1 } });
            Console.WriteLine($"{{\"turn\": {turn}, \"tokens\": {question.Length}, \"first_ms\": {1e3 * first:F0}, "
                + $"\"anew_ms\": {1e3 * again:F0}}}");
            history = [.. question, .. answer];
        }
    }

    /// <summary>
    /// One answer in tokens/s with and without guesses: one that quotes its prompt in runs of so many tokens, with a word of its own
    /// between them. What the model would say is written in its place, because random weights quote nobody.
    /// </summary>
    public static void Guesses(string shape, CpuFormat format)
    {
        const int Prompt = 256, Answer = 200;
        using Transformer model = Shapes.Model(shape);
        int size = model.Config.VocabularySize;
        foreach (int run in s_quotes)
        {
            var random = new Random(1);
            List<int> text = [.. Random(random, Prompt, size)];
            while (text.Count < Prompt + Answer)
            {
                text.Add(random.Next(size));
                int from = random.Next(Prompt - Math.Max(1, run));
                text.AddRange(text.GetRange(from, run));
            }
            double[] speeds = [.. s_both.Select(pays =>
            {
                using Scheduler scheduler = new(() => new Scripted(new CpuEngine(model, format), pays, [.. text], size), model.Config,
                    new StopRules(), tokenizer: null, BatchLimits.For(model.Device), KeptBetween.Weights);
                double seconds = double.MaxValue;
                for (int round = 0; round < 4; round++)
                {
                    GenerationRequest[] request = [new([.. text.Take(Prompt)], new SamplingOptions { MaxNewTokens = Answer })];
                    double first = 0, last = 0;
                    long start = Stopwatch.GetTimestamp();
                    scheduler.Generate(request, token =>
                    {
                        last = Stopwatch.GetElapsedTime(start).TotalSeconds;
                        if (token.Step == 0) first = last;
                    });
                    if (round > 0) seconds = Math.Min(seconds, last - first);
                }
                return (Answer - 1) / seconds;
            })];
            Console.WriteLine($"{{\"quotes_of\": {run}, \"tokens_s\": {speeds[0]:F0}, \"with_guesses\": {speeds[1]:F0}, "
                + $"\"times\": {speeds[1] / speeds[0]:F2}}}");
        }
    }

    /// <summary>A checkpoint in bf16 from the page cache to the logits after a first token.</summary>
    public static void Load(string shape, CpuFormat format, string folder)
    {
        LibTorch.Load();
        TransformerConfig config = Shapes.Of(shape);
        if (!File.Exists(Path.Combine(folder, "config.json")))
        {
            using Transformer made = Shapes.Model(shape);
            CheckpointFolder.Save(folder, made.Weights, config, ScalarType.BFloat16, tokenizerFolder: null);
        }
        for (int round = 0; round < 3; round++)
        {
            long start = Stopwatch.GetTimestamp();
            using Transformer model = ModelWeights.Load(folder, config, new ComputeTarget(CPU, ScalarType.BFloat16), null, packs: true);
            double loaded = Stopwatch.GetElapsedTime(start).TotalSeconds;
            using var engine = new CpuEngine(model, format);
            double packed = Stopwatch.GetElapsedTime(start).TotalSeconds;
            engine.Reserve(1);
            engine.Forward([new SequencePart(s_first, 0, 1, [0], true)], (_, _) => { });
            double first = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Console.WriteLine($"{{\"load_s\": {loaded:F2}, \"pack_s\": {packed - loaded:F2}, \"first_token_s\": {first:F2}}}");
        }
    }

    private static Scheduler Over(Transformer model, CpuFormat format, KeptBetween kept = KeptBetween.Weights) =>
        new(() => new CpuEngine(model, format), model.Config, new StopRules(), tokenizer: null, BatchLimits.For(model.Device), kept);

    private static int[] Random(Random random, int count, int below) => [.. Enumerable.Range(0, count).Select(_ => random.Next(below))];

    private static (double Seconds, int Tokens) Timed(Scheduler scheduler, GenerationRequest[] requests)
    {
        long start = Stopwatch.GetTimestamp();
        int tokens = scheduler.Generate(requests).Sum(a => a.Ids.Length);
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, tokens);
    }

    private static (double Seconds, int[] Ids) FirstToken(Scheduler scheduler, GenerationRequest request)
    {
        long start = Stopwatch.GetTimestamp();
        double first = 0;
        IReadOnlyList<Completion> answers = scheduler.Generate([request], token =>
        {
            if (token.Step == 0) first = Stopwatch.GetElapsedTime(start).TotalSeconds;
        });
        return (first, answers[0].Ids);
    }

    /// <summary>An engine that computes as it does, and says what is written.</summary>
    private sealed class Scripted(IForwardEngine inner, bool pays, int[] text, int vocabulary) : IForwardEngine
    {
        private readonly float[] _said = new float[vocabulary];

        public bool GuessesPay => pays;

        public int BlockTokens => inner.BlockTokens;

        public long BlockBytes => inner.BlockBytes;

        public void Reserve(int count) => inner.Reserve(count);

        public void CopyBlocks(IReadOnlyList<(int From, int To)> blocks) => inner.CopyBlocks(blocks);

        public void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null) =>
            inner.Forward(parts, (i, _) =>
            {
                lock (_said)
                {
                    int next = text[parts[i].Length];
                    _said[next] = 50;
                    logits(i, _said);
                    _said[next] = 0;
                }
            });

        public void Dispose() => inner.Dispose();
    }
}
