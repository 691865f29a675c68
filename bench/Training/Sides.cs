using System.Diagnostics;
using System.Globalization;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Training;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Hone.Bench.Training;

/// <summary>One side of a comparison: some steps, their median, and what they took.</summary>
internal static class Sides
{
    // Floating-point operations of a training step's products; 0 where no trainer counts them.
    private static double s_work;

    /// <summary>
    /// Milliseconds a step, tokens a second, peak bytes, milliseconds of CPU a step, last loss, share of the matrix peak (0 where it is
    /// not known); with spaces between.
    /// </summary>
    public static string Run(string[] own)
    {
        var (side, what, shape, type) = (own[0], own[1], own[2], own[3]);
        int steps = int.Parse(own[4], CultureInfo.InvariantCulture);
        LibTorch.Load();
        ScalarType compute = type == "bf16" ? ScalarType.BFloat16 : ScalarType.Float32;
        (Func<double> step, int tokens) = (side, what) switch
        {
            _ when HeadAlone(what) => Head(compute, side == "plain", what.StartsWith('f'), Rows.Number(what)!.Value),
            _ when Scores(what) => Score(what, side == "plain", Shapes.Of(shape), compute),
            ("plain", _) => Plain(what, Shapes.Of(shape), compute),
            _ => Hone(what, side, Shapes.Of(shape), compute),
        };
        step();
        long before = HeadAlone(what) ? ResetPeak() : 0;
        var times = new List<double>();
        TimeSpan cpu = Process.GetCurrentProcess().TotalProcessorTime;
        double loss = 0;
        for (int i = 0; i < steps; i++)
        {
            long begun = Stopwatch.GetTimestamp();
            loss = step();
            times.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        using Process self = Process.GetCurrentProcess();
        double median = times.Order().ElementAt(steps / 2), used = (self.TotalProcessorTime - cpu).TotalMilliseconds / steps;
        long peak = self.PeakWorkingSet64 - before;
        double share = s_work == 0 ? 0 : s_work / (median / 1000) / MatrixPeak.Measure(CPU, compute, TimeProvider.System);
        return string.Join(' ', new[] { median, tokens / median * 1000, peak, used, loss, share }
            .Select(x => x.ToString("R", CultureInfo.InvariantCulture)));
    }

    public static bool HeadAlone(string what) => what.Split('-')[0] is "head" or "frozen";

    public static bool Scores(string what) => what.Split('-')[0] is "score";

    public static bool TrainsOnConversations(string what) => what.Split('-')[0] is "sft" or "lora" or "states";

    private static (Func<double> Step, int Tokens) Hone(string what, string side, TransformerConfig config, ScalarType compute)
    {
        config = config with { IsRewardModel = what == "reward" };
        LoraAdapter? adapter = side is "lora" or "qlora"
            ? LoraAdapter.Create(config, new LoraOptions { Rank = 16, Alpha = 32 }, 1, CPU)
            : null;
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, 1);
        if (adapter is not null) Freeze(config, weights, compute, packed: side == "qlora");
        var model = new Transformer(config, weights, compute, adapter);
        if (TrainsOnConversations(what))
        {
            SftExample[] rows = [.. Rows.Conversations(what, config.VocabularySize).Select(ids =>
                new SftExample(ids, [.. ids.Select((_, i) => i > 0)]))];
            return (Trained(model, new SftObjective(), rows, side), rows.Sum(r => r.Ids.Length));
        }
        Rows.Pair[] pairs = Rows.Pairs(what, config.VocabularySize);
        PromptExample[] examples = [.. pairs.Select(p => PromptExample.FromPair(new PreferenceExample(p.Prompt, p.Chosen, p.Rejected)) with
        {
            ReferenceLogps = [0, 0],
        })];
        if (what != "reward")
        {
            // As a run does: once, before it trains.
            double[][] reference = AnswerScores.LogProbs(model, examples, 16_384);
            examples = [.. examples.Select((e, i) => e with { ReferenceLogps = reference[i] })];
        }
        int tokens = pairs.Sum(p => (2 * p.Prompt.Length) + p.Chosen.Length + p.Rejected.Length);
        return what == "reward"
            ? (Trained(model, new RewardObjective(), examples, side), tokens)
            : (Trained(model, new DpoObjective(new PreferenceLossOptions()), examples, side), tokens);
    }

    private static void Freeze(TransformerConfig config, Dictionary<string, Tensor> weights, ScalarType compute, bool packed)
    {
        HashSet<string> matrices = packed ? [.. LoraAdapter.Targets(config, [LoraOptions.AllLinear]).Select(t => t.Name + ".weight")] : [];
        foreach (string name in weights.Keys.ToArray())
        {
            weights.Remove(name, out Tensor? weight);
            using (weight)
                foreach ((string part, Tensor tensor) in matrices.Contains(name)
                    ? BlockMatrix.Pack(name, weight!, FrozenFormat.Nf4)
                    : [new(name, weight!.to(compute, copy: true))])
                    weights.Add(part, tensor);
        }
    }

    private static Func<double> Trained<T>(Transformer model, IObjective<T> objective, IReadOnlyList<T> rows, string side)
    {
        double loss = 0;
        var options = new TrainingOptions
        {
            LearningRate = 1e-4, BatchSize = rows.Sum(objective.BatchUnits), Seed = 1, Epochs = 1000,
            Schedule = Schedule.Constant, WarmupRatio = 0,
            OptimizerState = side == "small" ? OptimizerState.Int8 : OptimizerState.Fp32,
            CheckpointActivations = side is "small" or "qlora" || (side == "lora" && model.Config.HiddenSize >= 2048)
                ? ActivationCheckpoints.Block
                : ActivationCheckpoints.None,
        };
        var trainer = new Trainer<T>(model, objective, rows, [], options, new TrainingHooks(
            report =>
            {
                (loss, s_work) = (report.Metrics["loss"], report.Work);
                throw new OneStepException();
            },
            (_, _) => { }, (_, _) => { }));
        return () =>
        {
            try
            {
                trainer.Run(CancellationToken.None);
            }
            catch (OneStepException)
            {
            }
            return loss;
        };
    }

    private static (Func<double> Step, int Tokens) Plain(string what, TransformerConfig config, ScalarType compute)
    {
        var model = new PlainModel(config, compute, reward: what == "reward");
        if (TrainsOnConversations(what))
        {
            int[][] rows = [.. Rows.Conversations(what, config.VocabularySize)];
            return (() => model.SftStep(rows), rows.Sum(r => r.Length));
        }
        Rows.Pair[] pairs = Rows.Pairs(what, config.VocabularySize);
        int tokens = pairs.Sum(p => (2 * p.Prompt.Length) + p.Chosen.Length + p.Rejected.Length);
        if (what == "reward") return (() => model.RewardStep(pairs), tokens);
        var reference = new PlainModel(config, compute, reward: false);
        return (() => model.DpoStep(pairs, reference), tokens);
    }

    /// <summary>
    /// The head alone at Llama 3's vocabulary. Trained: the mean loss of so many tokens. Frozen, as beside an adapter: their
    /// log-probabilities, and the rows' gradient.
    /// </summary>
    private static (Func<double> Step, int Tokens) Head(ScalarType compute, bool plain, bool frozen, int count)
    {
        const int Hidden = 768, Vocabulary = 128_256;
        Tensor rows = randn(count, Hidden).to(compute).requires_grad_(true), head = randn(Vocabulary, Hidden) * 0.02;
        head = frozen ? head.to(compute) : head.requires_grad_(true);
        Tensor targets = randint(0, Vocabulary, [count], dtype: ScalarType.Int64);
        return (() =>
        {
            using var scope = NewDisposeScope();
            Tensor loss = (plain, frozen) switch
            {
                (true, true) => -log_softmax(matmul(rows, head.t()).to(ScalarType.Float32), -1).gather(1, targets.unsqueeze(1)).sum(),
                (false, true) => -LogProbHead.LogProbs(rows, head, targets).sum(),
                (true, false) => cross_entropy(matmul(rows, head.to(compute).t()).to(ScalarType.Float32), targets,
                    reduction: nn.Reduction.Sum),
                _ => -LogProbHead.Sum(rows, head, targets),
            };
            loss.backward();
            rows.grad!.zero_();
            head.grad?.zero_();
            return loss.item<float>() / count;
        }, count);
    }

    /// <summary>Rewards of 8 answers to one prompt, the prompt once, beside 8 whole sequences.</summary>
    private static (Func<double> Step, int Tokens) Score(string what, bool plain, TransformerConfig config, ScalarType compute)
    {
        (int[] prompt, int[][] answers) = Rows.Scored(what, config.VocabularySize);
        int tokens = answers.Sum(a => prompt.Length + a.Length);
        if (plain)
        {
            var peer = new PlainModel(config, compute, reward: true);
            int[][] rows = [.. answers.Select(a => (int[])[.. prompt, .. a])];
            return (() => peer.Score(rows), tokens);
        }
        config = config with { IsRewardModel = true };
        var model = new Transformer(config, RandomWeights.Create(config, 1), compute);
        return (() => AnswerScores.Rewards(model, [new PromptExample(prompt, answers)], 16_384)[0].Sum(), tokens);
    }

    /// <summary>From here on the peak counts anew; returns what is resident.</summary>
    private static long ResetPeak()
    {
        File.WriteAllText("/proc/self/clear_refs", "5");
        using Process self = Process.GetCurrentProcess();
        return self.WorkingSet64;
    }

    private sealed class OneStepException : Exception;
}
