using System.Diagnostics;
using System.Globalization;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Bench.Training;

/// <summary>
/// What <c>eng/gpu-check.sh</c> asks of the training: a tiny model trained on a device as on the CPU, and steps with an adapter at the
/// width of a real model.
/// </summary>
internal static class DeviceCheck
{
    private const int Steps = 5;

    /// <summary>
    /// Five steps of SFT, DPO and the reward model on the device and on the CPU, in fp32 and bf16; false where they part.
    /// </summary>
    public static bool Compare(string device)
    {
        bool all = true;
        foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.BFloat16 })
            foreach (string what in new[] { "sft", "dpo", "reward" })
            {
                double[] here = Losses(what, "cpu", type), there = Losses(what, device, type);
                double apart = here.Zip(there).Max(l => Math.Abs(l.First - l.Second) / Math.Max(1, Math.Abs(l.First)));
                // Sums in another order: some units in the last place of fp32; a bf16 product is rounded to 8 bits.
                bool same = apart <= (type == ScalarType.Float32 ? 1e-4 : 2e-2);
                all &= same;
                string verdict = same ? "ok" : "FAILED";
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                    $"{what,-6} {type,-8} cpu {here[^1]:F6}, {device} {there[^1]:F6}, at most {apart:E1} apart: {verdict}"));
            }
        return all;
    }

    /// <summary>Steps with an adapter of rank 16 on bf16 weights: milliseconds, tokens a second, share of the measured peak.</summary>
    /// <param name="shape">8b, or a smaller shape of <see cref="Shapes"/>.</param>
    /// <param name="tokens">About as many in a step.</param>
    public static void Step(string what, string device, string shape, int tokens)
    {
        ComputeTarget target = ComputeTarget.Parse(device, "bf16");
        TransformerConfig config = Shapes.Of(shape) with { IsRewardModel = what == "reward" };
        LoraAdapter adapter = LoraAdapter.Create(config, new LoraOptions { Rank = 16, Alpha = 32 }, 1, target.Device);
        var times = new List<double>();
        double work = 0, loss = 0;
        int taken = 0;
        Dictionary<string, Tensor> weights = RandomModels.Weights(config, target.Device, ScalarType.BFloat16);
        using var model = new Transformer(config, weights, ScalarType.BFloat16, adapter);
        double peak = MatrixPeak.Measure(target.Device, ScalarType.BFloat16, TimeProvider.System);
        long begun = Stopwatch.GetTimestamp();
        Train(what, model, Examples(tokens, config.VocabularySize), ActivationCheckpoints.Block, report =>
        {
            // The loss was read, so the device is done.
            times.Add(Stopwatch.GetElapsedTime(begun).TotalSeconds);
            (work, loss, taken, begun) = (report.Work, report.Metrics["loss"], report.Tokens, Stopwatch.GetTimestamp());
        }, Ranks.Single);
        double seconds = times.Skip(1).Order().ElementAt((times.Count - 1) / 2);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{what,-6} {shape} lora {seconds * 1000:F0} ms a step, {taken / seconds:F0} tok/s, MFU {100 * work / seconds / peak:F0}% of "
                + $"{peak / 1e9:F0} GFLOP/s, loss {loss:F4}"));
    }

    /// <summary>Of five steps of a tiny model, and its weights after them.</summary>
    internal static (double[] Losses, byte[] Weights) Learn(string what, string device, ScalarType type, Ranks ranks)
    {
        var config = new TransformerConfig
        {
            VocabularySize = 64, HiddenSize = 32, IntermediateSize = 64, LayerCount = 2, HeadCount = 4, KeyValueHeadCount = 2, HeadDim = 8,
            MaxPositions = 256, TieEmbeddings = true, IsRewardModel = what == "reward",
        };
        Device place = ComputeTarget.Parse(device, "fp32").Device;
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, 1, deviation: 0.2)
            .ToDictionary(w => w.Key, w => w.Value.to(place));
        using var model = new Transformer(config, weights, type);
        var losses = new List<double>();
        Train(what, model, Examples(256, config.VocabularySize), ActivationCheckpoints.None, r => losses.Add(r.Metrics["loss"]), ranks);
        using var off = no_grad();
        return ([.. losses], [.. model.Weights.Values.SelectMany(w => w.cpu().bytes.ToArray())]);
    }

    private static double[] Losses(string what, string device, ScalarType type) => Learn(what, device, type, Ranks.Single).Losses;

    private static void Train(
        string what, Transformer model, PromptExample[] pairs, ActivationCheckpoints checkpoints, Action<StepReport> stepped,
        Ranks ranks)
    {
        var options = new TrainingOptions
        {
            LearningRate = 1e-3, BatchSize = pairs.Length, Seed = 1, Epochs = Steps, WarmupRatio = 0, CheckpointActivations = checkpoints,
        };
        var hooks = new TrainingHooks(stepped, (_, _) => { }, (_, _) => { });
        if (what == "sft")
        {
            SftExample[] rows = [.. pairs.Select(p => new SftExample([.. p.Prompt, .. p.Answers[0]],
                [.. p.Prompt.Select(_ => false), .. p.Answers[0].Select(_ => true)]))];
            using var sft = new Trainer<SftExample>(model, new SftObjective(), rows, [], options, hooks, ranks);
            sft.Run(CancellationToken.None);
            return;
        }
        if (what == "dpo")
        {
            double[][] reference = AnswerScores.LogProbs(model, pairs, 16_384);
            pairs = [.. pairs.Select((p, i) => p with { ReferenceLogps = reference[i] })];
        }
        IObjective<PromptExample> objective = what == "dpo" ? new DpoObjective(new PreferenceLossOptions()) : new RewardObjective();
        using var trainer = new Trainer<PromptExample>(model, objective, pairs, [], options, hooks, ranks);
        trainer.Run(CancellationToken.None);
    }

    /// <summary>Pairs whose prompt is as long as its two answers together.</summary>
    private static PromptExample[] Examples(int tokens, int vocabulary)
    {
        const int Pairs = 4;
        var random = new Random(3);
        int[] Ids(int length) => [.. Enumerable.Range(0, length).Select(_ => random.Next(vocabulary))];
        return [.. Enumerable.Range(0, Pairs).Select(_ => PromptExample.FromPair(
            new PreferenceExample(Ids(tokens / (2 * Pairs)), Ids(tokens / (4 * Pairs)), Ids(tokens / (4 * Pairs)))))];
    }
}
