using CsCheck;

namespace Hone.Inference.Tests;

public class LogitsSamplerTests
{
    // Quarter steps make ties frequent; sixteenth steps make them rare. Both are exact in float.
    private static readonly Gen<float[]> s_logits = Gen.Select(Gen.Int[1, 700], Any(4f, 16f), Gen.Int[0, 200])
        .SelectMany((size, steps, range) => Gen.Int[-range, range].Select(x => x / steps).Array[size]);

    private static readonly Gen<SamplingOptions> s_options = Gen.Select(
        Any(1.0, 0.5, 0.7, 2.0), Gen.OneOf(Gen.Const(0), Gen.Int[1, 60]), Gen.OneOf(Gen.Const(1.0), Gen.Double[0, 1]),
        Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 1]), Any(1.0, 1.25, 2.0),
        (t, k, p, m, r) => new SamplingOptions { DoSample = true, Temperature = t, TopK = k, TopP = p, MinP = m, RepetitionPenalty = r });

    // Penalties and biases in quarters, exact in float.
    private static readonly Gen<(double Frequency, double Presence, int[] Biased, int From)> s_changes = Gen.Select(
        Any(0, 0.25, -0.5, 2), Any(0, 0.5, -1.25), Gen.Int[0, 700].Array[0, 4], Gen.Int[0, 20]);

    [Fact]
    public void Equals_the_plain_implementation() =>
        Gen.Select(s_logits, s_options, s_changes, Gen.Double[0, 1].Where(u => u < 1), Gen.Int.Array[0, 20])
        .Sample((logits, sampling, changes, uniform, raw) =>
        {
            int[] context = [.. raw.Select(x => (int)((uint)x % (uint)logits.Length))];
            int from = Math.Min(changes.From, context.Length);
            SamplingOptions options = sampling with
            {
                FrequencyPenalty = changes.Frequency,
                PresencePenalty = changes.Presence,
                LogitBias = changes.Biased.Distinct().ToDictionary(id => id, id => (id % 9 - 4) * 0.75),
            };
            double[] expected = PlainSampler.Probabilities(logits, context, options, from);
            // Next to a border of the kept set the two may differ by rounding: such cases say nothing.
            if (!SameSet(expected, logits, context, options, from, 1e-6) || !SameSet(expected, logits, context, options, from, -1e-6))
                return;
            int id = PlainSampler.Draw(expected, uniform, out bool nearBorder);
            SampledToken token = new LogitsSampler(logits.Length).Next(logits, context, options, uniform, from);
            Assert.True(expected[token.Id] > 0, "a dropped token was drawn");
            if (!nearBorder) Assert.Equal(id, token.Id);
        }, iter: 3000);

    [Fact]
    public void Log_probability_is_the_models_own_whatever_the_options() =>
        Gen.Select(s_logits, s_options, Gen.Bool, Gen.Double[0, 0.999]).Sample((logits, options, sample, uniform) =>
        {
            float[] before = [.. logits];
            SampledToken token =
                new LogitsSampler(logits.Length).Next(logits, [0], options with { DoSample = sample }, uniform, answerFrom: 0);
            Assert.Equal(before, logits);
            double expected = Math.Log(PlainSampler.Softmax([.. logits.Select(x => (double)x)])[token.Id]);
            Assert.Equal(expected, token.LogProb, 1e-5 * Math.Max(1, Math.Abs(expected)));
        }, iter: 1000);

    [Theory]
    [InlineData(1.0, 0, 1.0, 0.0, 1.0, 0, 0)]
    [InlineData(0.7, 0, 1.0, 0.0, 1.0, 0, 0)]
    [InlineData(1.0, 7, 1.0, 0.0, 1.0, 0, 0)]
    [InlineData(1.0, 0, 0.8, 0.0, 1.0, 0, 0)]
    [InlineData(1.0, 0, 1.0, 0.1, 1.0, 0, 0)]
    [InlineData(1.3, 12, 0.9, 0.05, 1.0, 0, 0)]
    [InlineData(1.0, 0, 1.0, 0.0, 0.4, 0, 0)]
    [InlineData(1.0, 0, 1.0, 0.0, 1.0, 0.7, 0)]
    [InlineData(1.0, 0, 1.0, 0.0, 1.0, 0, -1.5)]
    [InlineData(0.8, 30, 0.95, 0.01, 0.9, 0.3, 0.6)]
    public void Frequencies_follow_the_distribution(
        double temperature, int topK, double topP, double minP, double typicalP, double frequency, double presence)
    {
        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, 40).Select(_ => (float)(random.NextDouble() * 4))];
        var options = new SamplingOptions
        {
            DoSample = true, Temperature = temperature, TopK = topK, TopP = topP, MinP = minP, TypicalP = typicalP,
            FrequencyPenalty = frequency, PresencePenalty = presence,
            LogitBias = frequency != 0 ? new Dictionary<int, double> { [7] = 2, [3] = -100 } : new Dictionary<int, double>(),
        };
        int[] context = [1, 2, 3, 4, 4, 5, 4, 9]; // the answer begins at the second 4
        var sampler = new LogitsSampler(logits.Length);
        double[] counts = new double[logits.Length];
        for (int step = 0; step < 100_000; step++) counts[sampler.Next(logits, context, options, Philox.Uniform(5, 0, step), 4).Id]++;
        ChiSquare.AssertFits(counts, PlainSampler.Probabilities(logits, context, options, answerFrom: 4));
    }

    [Fact]
    public void Typical_p_keeps_what_transformers_keeps()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            float[] logits = [.. Enumerable.Range(0, 1 + random.Next(300)).Select(_ => (float)(random.NextDouble() * 12))];
            var options = new SamplingOptions { DoSample = true, TypicalP = random.NextDouble() + 1e-9, TopK = random.Next(20) };
            double[] expected = PlainSampler.Probabilities(logits, [], options);
            float[] scratch = new float[logits.Length];
            if (options.TopK > 0) LogitsFilters.TopK(logits, options.TopK, scratch);
            LogitsFilters.TypicalP(logits, options.TypicalP, scratch, new ulong[logits.Length]);
            Assert.Equal(expected.Select(p => p > 0), logits.Select(x => !float.IsNegativeInfinity(x)));
        }
    }

    [Fact]
    public void Penalties_count_the_answer_and_not_the_prompt()
    {
        float[] logits = [0, 3, 2.5f, 2.25f];
        var sampler = new LogitsSampler(4);
        int Greedy(SamplingOptions options, int from) => sampler.Next(logits, [1, 1, 1, 2, 2], options, 0, from).Id;
        Assert.Equal(1, Greedy(new SamplingOptions { PresencePenalty = 1 }, 3));
        Assert.Equal(3, Greedy(new SamplingOptions { PresencePenalty = 1 }, 0));
        Assert.Equal(1, Greedy(new SamplingOptions { FrequencyPenalty = 2 }, 5));
        Assert.Equal(2, Greedy(new SamplingOptions { FrequencyPenalty = -0.5 }, 3));
        Assert.Equal(0, Greedy(new SamplingOptions { LogitBias = new Dictionary<int, double> { [0] = 100, [99] = 5 } }, 3));
    }

    [Theory]
    [InlineData(1e-300, 1)]
    [InlineData(double.Epsilon, 1e-300)]
    [InlineData(1e-6, 1e300)]
    [InlineData(1e300, 1e300)]
    public void Extreme_values_never_fail_and_small_temperatures_are_greedy(double temperature, double repetition)
    {
        float[] logits = [float.NegativeInfinity, -30, 40, 39.5f, -2];
        var options = new SamplingOptions
        {
            DoSample = true, Temperature = temperature, RepetitionPenalty = repetition, TopP = 0.9, TypicalP = 0.9, TopK = 4, MinP = 0.1,
        };
        options.Validate();
        for (int i = 0; i < 50; i++)
        {
            int id = new LogitsSampler(5).Next(logits, [1, 4], options, i / 50.0, answerFrom: 0).Id;
            if (temperature < 1) Assert.Equal(2, id);
            Assert.NotEqual(0, id);
        }
    }

    [Fact]
    public void A_large_vocabulary_is_drawn_from_evenly()
    {
        // 128k tokens of equal probability, counted in 128 bins: block borders and rounding of long sums would show.
        const int vocabulary = 128_000, bin = 1000;
        float[] logits = new float[vocabulary];
        var sampler = new LogitsSampler(vocabulary);
        double[] counts = new double[vocabulary / bin];
        for (int step = 0; step < 2560; step++)
            counts[sampler.Next(logits, [], new SamplingOptions { DoSample = true }, Philox.Uniform(1, 1, step), answerFrom: 0).Id / bin]++;
        ChiSquare.AssertFits(counts, [.. Enumerable.Repeat(1.0 / counts.Length, counts.Length)]);
    }

    [Fact]
    public void Greedy_takes_the_first_of_equals_and_heeds_only_the_repetition_penalty()
    {
        float[] logits = [1, 3, -1, 3, 2];
        var sampler = new LogitsSampler(logits.Length);
        Assert.Equal(1, sampler.Next(logits, [], new SamplingOptions(), 0.9, answerFrom: 0).Id);
        Assert.Equal(1, sampler.Next(logits, [], new SamplingOptions { Temperature = 5, TopK = 1 }, 0.9, answerFrom: 0).Id);
        Assert.Equal(3, sampler.Next(logits, [1], new SamplingOptions { RepetitionPenalty = 1.2 }, 0, answerFrom: 0).Id);
        Assert.Equal(4, sampler.Next(logits, [1, 3, 3, 1], new SamplingOptions { RepetitionPenalty = 1.7 }, 0, answerFrom: 0).Id);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1e-12)]
    public void The_smallest_top_p_keeps_the_most_probable_token(double topP)
    {
        var options = new SamplingOptions { DoSample = true, TopP = topP };
        for (int i = 0; i < 100; i++) Assert.Equal(2, new LogitsSampler(4).Next([0, 1, 5, 5], [], options, i / 100.0, answerFrom: 0).Id);
    }

    [Fact]
    public void Top_k_keeps_all_that_tie_with_the_last()
    {
        float[] logits = [2, 5, 2, 1, 2];
        LogitsFilters.TopK(logits, 2, new float[2]);
        Assert.Equal([2, 5, 2, float.NegativeInfinity, 2], logits);
    }

    [Fact]
    public void A_token_the_model_excludes_is_never_drawn()
    {
        float[] logits = [float.NegativeInfinity, 0, float.NegativeInfinity];
        foreach (double uniform in new[] { 0, 0.5, 1 - 1e-16 })
            Assert.Equal(1,
                new LogitsSampler(3).Next(
                    logits, [], new SamplingOptions { DoSample = true, TopK = 2, TopP = 0.99 }, uniform, answerFrom: 0).Id);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Logits_that_are_not_finite_are_an_error(float bad) =>
        Assert.Throws<InvalidDataException>(() => new LogitsSampler(3).Next([0, bad, 1], [], new SamplingOptions(), 0, answerFrom: 0));

    [Fact]
    public void Nothing_is_allocated_per_token()
    {
        float[] logits = [.. Enumerable.Range(0, 5000).Select(i => MathF.Sin(i) * 5)];
        var options = new SamplingOptions
        {
            DoSample = true, Temperature = 0.7, TopK = 50, TopP = 0.9, MinP = 0.01, RepetitionPenalty = 1.1,
            FrequencyPenalty = 0.1, PresencePenalty = 0.1, TypicalP = 0.95,
        };
        var sampler = new LogitsSampler(logits.Length);
        int[] context = [1, 2, 3];
        for (int i = 0; i < 50; i++) sampler.Next(logits, context, options, 0.5, answerFrom: 0);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) sampler.Next(logits, context, options, 0.5, answerFrom: 0);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static bool SameSet(double[] expected, float[] logits, int[] context, SamplingOptions o, int from, double shift)
    {
        SamplingOptions shifted = o with
        {
            TopP = o.TopP < 1 ? Math.Clamp(o.TopP + shift, 0, 1) : 1,
            MinP = o.MinP > 0 ? Math.Clamp(o.MinP + shift, 0, 1) : 0,
        };
        double[] other = PlainSampler.Probabilities(logits, context, shifted, from);
        return !expected.Where((p, i) => (p > 0) != (other[i] > 0)).Any();
    }
}
