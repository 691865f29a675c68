using System.Diagnostics;
using System.Globalization;
using Hone.Bench.Training;
using Hone.Inference;
using Hone.Models;

/// <summary>
/// What <c>eng/gpu-check.sh</c> asks of the libtorch engine: whether it answers on a device as on the CPU, and how fast it is at a real
/// model's width.
/// </summary>
internal static class OnDevice
{
    /// <summary>
    /// Answers of a tiny model by every kind of drawing, on the CPU with the host's sampler and on the device with its own, in fp32:
    /// false where they part by more than a draw that fell within rounding of a border explains.
    /// </summary>
    public static bool Compare(string device)
    {
        SamplingOptions plain = new() { DoSample = true, MaxNewTokens = 40 };
        SamplingOptions[] kinds =
        [
            plain with { DoSample = false }, plain, plain with { Temperature = 0.6, TopK = 9 }, plain with { TopP = 0.8 },
            plain with { MinP = 0.05, TopK = 20, TopP = 0.9 },
        ];
        int[] Prompt(int i) => [.. Enumerable.Range(0, 3 + (i * 7 % 90)).Select(t => ((t * 31) + i) % 512)];
        GenerationRequest[] requests = [.. Enumerable.Range(0, 40).Select(i =>
            new GenerationRequest(Prompt(i), kinds[i % kinds.Length] with { Seed = (ulong)i }, Count: 4))];
        IReadOnlyList<Completion> here = Answers("cpu", draws: false, requests), there = Answers(device, draws: true, requests);
        int same = 0;
        double apart = 0;
        foreach ((Completion a, Completion b) in here.Zip(there))
        {
            int together = a.Ids.Zip(b.Ids).TakeWhile(ids => ids.First == ids.Second).Count();
            if (together == a.Ids.Length) same++;
            for (int i = 0; i < together; i++) apart = Math.Max(apart, Math.Abs(a.LogProbs[i] - b.LogProbs[i]));
        }
        bool agrees = same >= 0.95 * here.Count && apart < 1e-3;
        Say($"{same} of {here.Count} answers are the CPU's, log-probabilities at most {apart:E1} apart: {(agrees ? "ok" : "FAILED")}");
        return agrees;
    }

    /// <summary>Tokens a second of a prompt, and of answers that are drawn from one short prompt, so many at once.</summary>
    /// <param name="prompt">Tokens.</param>
    public static void Speed(string device, string shape, int prompt, int[] rows)
    {
        const int Short = 128, New = 128;
        ComputeTarget target = ComputeTarget.Parse(device, device == "cpu" ? "fp32" : "bf16");
        TransformerConfig config = Shapes.Of(shape);
        using Transformer model = new(config, RandomModels.Weights(config, target.Device, target.Type), target.Type);
        using Scheduler scheduler = new(() => new LibtorchEngine(model, draws: true), model.Config, new StopRules(), tokenizer: null,
            BatchLimits.For(target.Device), KeptBetween.Nothing);
        var random = new Random(1);
        int[] Ids(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(config.VocabularySize))];
        double[] times = [.. Enumerable.Range(0, 4).Select(_ => Seconds(scheduler, new(Ids(prompt), new() { MaxNewTokens = 1 })).Total)];
        Say($"Hone: {shape} prefill of {prompt}: {prompt / times.Skip(1).Order().ElementAt(1):F0} tok/s");
        foreach (int count in rows)
        {
            (_, double speed) = Seconds(scheduler, new(Ids(Short), new() { DoSample = true, MaxNewTokens = New, Seed = 1 }, count));
            Say($"Hone: {shape} decode {count} rows: {speed:F0} tok/s");
        }
    }

    /// <summary>Seconds in all, and tokens a second from the second token of an answer on.</summary>
    private static (double Total, double Speed) Seconds(Scheduler scheduler, GenerationRequest request)
    {
        long start = Stopwatch.GetTimestamp(), first = 0;
        int after = 0;
        scheduler.Generate([request], token =>
        {
            if (token.Step == 0) first = Stopwatch.GetTimestamp();
            else after++;
        });
        return (Stopwatch.GetElapsedTime(start).TotalSeconds, after / Stopwatch.GetElapsedTime(first).TotalSeconds);
    }

    private static IReadOnlyList<Completion> Answers(string device, bool draws, GenerationRequest[] requests)
    {
        ComputeTarget target = ComputeTarget.Parse(device, "fp32");
        TransformerConfig config = Shapes.Of("tiny");
        using Transformer model = new(config, RandomWeights.Create(config, 1, deviation: 0.2)
            .ToDictionary(w => w.Key, w => w.Value.to(target.Device)), target.Type);
        using Scheduler scheduler = new(() => new LibtorchEngine(model, draws), model.Config, new StopRules(), tokenizer: null,
            BatchLimits.For(target.Device), KeptBetween.Nothing);
        return scheduler.Generate(requests);
    }

    private static void Say(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
