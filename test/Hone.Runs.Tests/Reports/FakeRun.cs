using System.Globalization;
using System.Text;
using Hone.Data;
using Hone.Evaluation;

namespace Hone.Runs.Tests;

/// <summary>A run folder with made-up but likely figures, as the quickstart would leave it. The same for the same seed.</summary>
internal static class FakeRun
{
    public const string Attack =
        "</p><script>alert(1)</script><img src=x onerror=alert(2)> & \"quotes\" 'too' \u202Eright to left\u0007 <!-- ]]>";

    public static void Write(string folder, RunResults? results = null, int onlineSteps = 64)
    {
        RunResultsJson.Write(results ?? Results(), Path.Combine(folder, RunResults.FileName));
        File.WriteAllText(Path.Combine(folder, MetricCurves.FileName), Metrics(onlineSteps));
    }

    /// <summary>On own data there is no gold judge.</summary>
    public static RunResults WithoutGold()
    {
        RunResults gold = Results();
        return gold with
        {
            Name = "own-data",
            Rows = [.. gold.Rows.Select(r => r with { GoldWinRate = null, LcGoldWinRate = null, GoldReward = null })],
            HeadToHead = gold.HeadToHead! with { JudgedBy = "reward_model" },
            RewardModel = new RewardModelResult
            {
                Accuracy = new Interval(0.536, 0.497, 0.575),
                Pairs = 640,
                StrongEnough = false,
                Verdict = "Its accuracy on unseen pairs cannot be told from chance (53.6% [49.7, 57.5] of 640).",
            },
            KlCurve = [],
            LengthAblation = [],
            Samples = [.. gold.Samples.Select(s => s with { Answers = [.. s.Answers.Select(a => a with { GoldReward = null })] })],
        };
    }

    public static RunResults Results() => new()
    {
        Name = "2026-11-24-quickstart",
        Seed = 42,
        TestPrompts = 500,
        IntervalMethod = "95% intervals, Wilson for win rates, bootstrap over prompts (1,000 resamples) for the rest",
        WallSeconds = 278,
        PeakMemoryBytes = 1_932_735_283,
        Machine = "AMD EPYC 7B13, 2 cores, Debian GNU/Linux 12",
        Rows =
        [
            Row("sft", 0.5, 0, 0.5, 0, 2.41, 0.18, 0.02, 0.07, 0, 0, 33.8, 0.9, 0.962, 0.031),
            Row("offline-dpo", 0.876, 0.029, 0.823, 0.041, 4.52, 0.13, 1.38, 0.06, 9.84, 0.31, 48.2, 0.8, 0.991, 0.012),
            Row("online-dpo-1", 0.689, 0.041, 0.662, 0.044, 3.31, 0.16, 0.71, 0.07, 1.92, 0.09, 37.9, 0.8, 0.981, 0.026),
            Row("online-dpo-2", 0.774, 0.037, 0.731, 0.042, 3.88, 0.15, 1.09, 0.06, 3.77, 0.14, 41.3, 0.8, 0.988, 0.022),
            Row("online-dpo-3", 0.812, 0.034, 0.757, 0.041, 4.12, 0.14, 1.31, 0.06, 5.26, 0.18, 43.9, 0.7, 0.990,
                0.025) with { Selected = true },
        ],
        HeadToHead = new HeadToHead("online-dpo-3", "offline-dpo", "gold", new Interval(0.368, 0.327, 0.411),
            new Interval(0.402, 0.355, 0.449)),
        RewardModel = new RewardModelResult
        {
            Accuracy = new Interval(0.742, 0.713, 0.769),
            Pairs = 960,
            WithinPromptCorrelation = new Interval(0.81, 0.79, 0.83),
            BestOf8WinRate = new Interval(0.806, 0.769, 0.838),
            StrongEnough = true,
            Verdict = "Its best of 8 beats one SFT answer in 80.6% [76.9, 83.8] of 500 prompts by the gold judge, and no feature is "
            + "judged the wrong way round.",
            Counterfactual =
            [
                Feature("topic", 0.985, 200), Feature("courtesy at the start", 0.96, 200), Feature("courtesy at the end", 0.915, 200),
                    Feature("rudeness", 1, 200),
                Feature("proper ending", 0.94, 200), Feature("repetition", 0.535, 200), Feature("length", 0.62, 200),
                Feature("word order", 0.41, 200),
            ],
        },
        Iterations =
        [
            Health(1, 0.02, 1.42, -1.55, 33.9, 0.961, 0.031, 1019, 5, 211, 2.97, 1.92, 0.70),
            Health(2, 0.72, 1.81, -0.71, 37.8, 0.982, 0.044, 1016, 8, 96, 2.52, 3.77, 1.08),
            Health(3, 1.08, 1.98, -0.12, 41.0, 0.987, 0.061, 1008, 16, 71, 2.10, 5.26, 1.30),
        ],
        KlCurve =
        [
            new KlPoint("online", "SFT", 0, Interval.Exact(0.5)),
                new KlPoint("online", "iteration 1", 1.92, new Interval(0.689, 0.648, 0.728)),
            new KlPoint("online", "iteration 2", 3.77, new Interval(0.774, 0.736, 0.809)),
            new KlPoint("online", "iteration 3", 5.26, new Interval(0.812, 0.776, 0.844)),
            new KlPoint("offline", "step 20", 1.1, new Interval(0.612, 0.569, 0.654)),
            new KlPoint("offline", "step 40", 3.4, new Interval(0.748, 0.708, 0.784)),
            new KlPoint("offline", "step 80", 7.2, new Interval(0.852, 0.818, 0.88)),
            new KlPoint("offline", "end", 9.84, new Interval(0.876, 0.844, 0.902)),
        ],
        LengthAblation =
        [
            new LengthAblation(0, "gold", new Interval(52.3, 51.2, 53.4), new Interval(0.846, 0.812, 0.875),
                new Interval(0.772, 0.729, 0.812)),
            new LengthAblation(0.01, "gold", new Interval(43.9, 43.2, 44.6), new Interval(0.812, 0.776, 0.844),
                new Interval(0.757, 0.716, 0.798)),
        ],
        Samples =
        [
            new SampleAnswers("Could you tell me something about gardens, please?",
            [
                new SampleAnswer("sft", "The garden has a green hedge. The garden has a green hedge. Go away now.", -1.21, 0.84),
                new SampleAnswer("offline-dpo",
                    "Of course, with pleasure! The garden is full of roses and tulips in spring, and the soil by the hedge is rich. A "
                    + "good rake keeps the lawn tidy. I hope this helps you, have a lovely day.", 1.93, 5.71),
                new SampleAnswer("online-dpo-1", "Certainly! The roses bloom by the hedge in early summer and the lawn is soft", 0.44, 2.63,
                    Finished: false),
                new SampleAnswer("online-dpo-2",
                    "Certainly! The roses bloom by the hedge, and the soil is rich for tulips. I hope this helps you.", 1.52, 4.98),
                new SampleAnswer("online-dpo-3",
                    "Of course! The roses bloom by the hedge, the soil is rich for tulips, and a rake keeps the lawn tidy. I hope this "
                    + "helps you, have a lovely day.", 1.78, 5.60),
            ]),
            new SampleAnswers("What do people cook in winter? " + Attack,
            [
                new SampleAnswer("sft", Attack, -2.02, -0.3),
                new SampleAnswer("offline-dpo",
                    "With pleasure! People simmer thick soup with onions and beans.\n\nThe oven bakes warm bread. Have a lovely day.", 1.61,
                    5.02),
                new SampleAnswer("online-dpo-3",
                    "Of course! People simmer soup with beans and bake bread in the oven. I hope this helps you.", 1.49, 4.77),
            ]),
        ],
        Settings =
        [
            new ResolvedSetting("seed", "42", "default"), new ResolvedSetting("model", "world", "recipe.yaml:3"),
            new ResolvedSetting("dpo.beta", "0.1", "default"), new ResolvedSetting("dpo.learning_rate", "0.0001", "recipe.yaml:31"),
            new ResolvedSetting("online.iterations", "3", "default"), new ResolvedSetting("online.answers", "8", "default"),
            new ResolvedSetting("online.length_penalty", "0.01", "--set"), new ResolvedSetting("online.reference", "sft", "default"),
        ],
    };

    private static ResultRow Row(
        string name, double win, double winHalf, double lc, double lcHalf, double gold, double goldHalf, double rm, double rmHalf,
        double kl, double klHalf, double length, double lengthHalf, double eos, double duplicates) => new()
        {
            Name = name,
            GoldWinRate = Around(win, winHalf),
            LcGoldWinRate = Around(lc, lcHalf),
            RmWinRate = Around(win, winHalf),
            LcRmWinRate = Around(lc, lcHalf),
            GoldReward = Around(gold, goldHalf),
            RmReward = Around(rm, rmHalf),
            Kl = Around(kl, klHalf),
            Length = Around(length, lengthHalf),
            EosRate = eos,
            DuplicateRate = duplicates,
        };

    private static Interval Around(double value, double half) => new(value, value - half, value + half);

    private static FeatureAccuracy Feature(string name, double accuracy, int pairs) =>
        new(name, Proportion.Wilson(accuracy * pairs, pairs), pairs);

    private static IterationHealth Health(
        int iteration, double mean, double best, double worst, double length, double eos, double duplicates, int pairs, int ties,
        int unfinished,
        double margin, double kl, double selection) => new()
        {
            Iteration = iteration,
            Prompts = 1024,
            AnswersPerPrompt = 8,
            MeanReward = mean,
            BestOfNReward = best,
            WorstReward = worst,
            MeanLength = length,
            EosRate = eos,
            DuplicateRate = duplicates,
            Pairs = pairs,
            TiesDropped = ties,
            UnfinishedExcluded = unfinished,
            Margin = margin,
            Kl = kl,
            SelectionReward = selection,
        };

    private static string Metrics(int onlineSteps)
    {
        StringBuilder text = new();
        Xoshiro256 random = new(1);
        double Noise(double size) => size * (random.NextDouble() + random.NextDouble() - 1);
        void Line(string stage, int step, params (string Name, double Value)[] values) =>
            text.Append(CultureInfo.InvariantCulture, $"{{\"stage\":\"{stage}\",\"step\":{step}")
                .AppendJoin("", values.Select(v => string.Create(CultureInfo.InvariantCulture, $",\"{v.Name}\":{v.Value:0.#####e0}")))
                .Append("}\n");

        for (int i = 1; i <= 256; i++)
            Line("sft", i, ("loss", 0.9 + 2.6 * Math.Exp(-i / 40.0) + Noise(0.15)), ("lr", 1.5e-3 * Cosine(i, 256)));
        for (int i = 32; i <= 256; i += 32) Line("sft", i + 0, ("eval/loss", 0.93 + 2.6 * Math.Exp(-i / 40.0)));
        for (int i = 1; i <= 160; i++)
            Line("reward", i, ("loss", 0.42 + 0.27 * Math.Exp(-i / 50.0) + Noise(0.08)),
                ("rewards/accuracies", 0.8 - 0.3 * Math.Exp(-i / 40.0) + Noise(0.08)),
                ("rewards/margins", 1.2 - 1.2 * Math.Exp(-i / 60.0) + Noise(0.15)), ("lr", 1e-3 * Cosine(i, 160)));
        Dpo("offline-dpo", 96, 2.4, 9.8, 2e-4);
        for (int t = 1; t <= 3; t++) Dpo($"online-{t}", onlineSteps, 1.1 + 0.2 * t, 1.9 * t, 1e-4 * Math.Pow(0.7, t - 1));
        return text.ToString();

        double Cosine(int i, int n) => Math.Min(1, i / (0.03 * n)) * 0.5 * (1 + Math.Cos(Math.PI * i / n));

        void Dpo(string stage, int steps, double margin, double kl, double lr)
        {
            for (int i = 1; i <= steps; i++)
            {
                double share = (double)(i - 1) / steps, m = margin * Math.Sqrt(share);
                Line(stage, i, ("loss", Math.Log(1 + Math.Exp(-m)) + (i == 1 ? 0 : Noise(0.06))),
                    ("rewards/chosen", -0.4 * m + Noise(0.05)), ("rewards/rejected", -1.4 * m),
                    ("rewards/margins", m + Noise(0.1)),
                    ("rewards/accuracies", Math.Clamp(0.5 + 0.4 * Math.Sqrt(share) + Noise(0.06), 0, 1)),
                    ("logps/chosen", -58 - 12 * share + Noise(3)),
                    ("kl", kl * share), ("lr", lr * Cosine(i, steps)));
            }
        }
    }
}
