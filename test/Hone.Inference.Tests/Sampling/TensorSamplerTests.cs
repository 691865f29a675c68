using CsCheck;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests;

public class TensorSamplerTests
{
    private static readonly Gen<SamplingOptions> s_options = Gen.Select(
        Gen.Bool, Gen.OneOf(Gen.Const(1.0), Gen.Double[0.2, 2], Gen.Const(1e-6)), Gen.OneOf(Gen.Const(0), Gen.Int[1, 400]),
        Gen.OneOf(Gen.Const(1.0), Gen.Double[0, 1]), Gen.OneOf(Gen.Const(0.0), Gen.Double[0, 1]),
        (s, t, k, p, m) => new SamplingOptions { DoSample = s, Temperature = t, TopK = k, TopP = p, MinP = m });

    // Quarter steps make ties frequent.
    private static readonly Gen<float[]> s_logits = Gen.Select(Gen.OneOf(Gen.Const(4f), Gen.Const(500f)), Gen.Int[0, 100])
        .SelectMany((steps, range) => Gen.Int[-range, range].Select(x => x / steps).Array[300]);

    public TensorSamplerTests() => LibTorch.Load();

    /// <summary>It may choose otherwise only where rounding decides: where the draw, or the kept mass, is at a border.</summary>
    [Fact]
    public void Chooses_as_the_host_does_wherever_rounding_allows()
    {
        int all = 0, different = 0;
        Gen.Select(s_logits, s_options, Gen.Double[0, 1].Where(u => u < 1)).Array[40].Sample(rows =>
        {
            TokenDraw[] draws = [.. rows.Select(r => new TokenDraw(r.Item2, r.Item3))];
            SampledToken[] found = Next([.. rows.Select(r => r.Item1)], draws);
            var host = new LogitsSampler(rows[0].Item1.Length);
            for (int i = 0; i < rows.Length; i++)
            {
                (float[] logits, SamplingOptions options, double uniform) = rows[i];
                SampledToken expected = host.Next(logits, [], options, uniform, answerFrom: 0);
                all++;
                if (expected.Id == found[i].Id)
                {
                    Assert.Equal(expected.LogProb, found[i].LogProb, 2e-6 * Math.Max(1, -expected.LogProb));
                    continue;
                }
                different++;
                Assert.False(LogitsSampler.IsGreedy(options));
                Assert.True(IsAtBorder(logits, options, uniform), $"{options}, {uniform}: {expected.Id} and {found[i].Id}");
            }
        }, iter: 500, threads: 1);
        Assert.InRange(different, 0, all / 2000);
    }

    [Theory]
    [InlineData(1.0, 0, 1.0, 0.0)]
    [InlineData(0.7, 0, 1.0, 0.0)]
    [InlineData(1.0, 7, 1.0, 0.0)]
    [InlineData(1.0, 0, 0.8, 0.0)]
    [InlineData(1.0, 0, 1.0, 0.1)]
    [InlineData(1.3, 12, 0.9, 0.05)]
    public void Frequencies_follow_the_distribution(double temperature, int topK, double topP, double minP)
    {
        var random = new Random(1);
        float[] logits = [.. Enumerable.Range(0, 40).Select(_ => (float)(random.NextDouble() * 4))];
        var options = new SamplingOptions { DoSample = true, Temperature = temperature, TopK = topK, TopP = topP, MinP = minP };
        TokenDraw[] draws = [.. Enumerable.Range(0, 100_000).Select(step => new TokenDraw(options, Philox.Uniform(5, 0, step)))];
        using Tensor row = tensor(logits).unsqueeze(0);
        double[] counts = new double[logits.Length];
        foreach (SampledToken token in TensorSampler.Next(row, new int[draws.Length], draws)) counts[token.Id]++;
        ChiSquare.AssertFits(counts, PlainSampler.Probabilities(logits, [], options));
    }

    [Fact]
    public void A_row_gets_the_same_token_alone_with_others_and_in_pieces() =>
        Gen.Select(s_logits, s_options, Gen.Double[0, 0.999]).Array[9].Sample(rows =>
        {
            float[][] logits = [.. rows.Select(r => r.Item1)];
            TokenDraw[] draws = [.. rows.Select(r => new TokenDraw(r.Item2, r.Item3))];
            SampledToken[] together = Next(logits, draws);
            Assert.Equal(together, Next(logits, draws, atOnce: 900));
            Assert.Equal(together, logits.Select((own, i) => Next([own], [draws[i]])[0]));
        }, iter: 100, threads: 1);

    [Fact]
    public void The_last_uniform_number_draws_a_token_that_can_be_drawn()
    {
        float[] logits = [1, 2, 0.5f, float.NegativeInfinity, float.NegativeInfinity];
        var options = new SamplingOptions { DoSample = true };
        Assert.Equal(2, Next([logits], [new TokenDraw(options, Math.BitDecrement(1.0))])[0].Id);
        Assert.Equal(0, Next([logits], [new TokenDraw(options, 0)])[0].Id);
        Assert.Equal(1, Next([logits], [new TokenDraw(options with { TopP = 0 }, 0.99)])[0].Id);
    }

    [Fact]
    public void Logits_that_are_not_finite_concern_their_row_alone()
    {
        var options = new SamplingOptions { DoSample = true, TopK = 2, TopP = 0.9, MinP = 0.1 };
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity])
        {
            SampledToken[] found = Next([[1, bad, 2], [5, 1, 1]], [new TokenDraw(options, 0.5), new TokenDraw(options, 0.5)]);
            Assert.True(float.IsNaN(found[0].LogProb));
            Assert.Equal(0, found[1].Id);
        }
        Assert.True(float.IsNaN(Next([[float.NegativeInfinity, float.NegativeInfinity]], [new TokenDraw(options, 0.5)])[0].LogProb));
    }

    [Fact]
    public void Rules_that_the_host_alone_has_are_not_taken()
    {
        Assert.True(TensorSampler.Takes(new SamplingOptions { DoSample = true, TopK = 3, TopP = 0.5, MinP = 0.1, Temperature = 2 }));
        foreach (SamplingOptions other in (SamplingOptions[])
        [
            new() { TypicalP = 0.5 }, new() { RepetitionPenalty = 2 }, new() { FrequencyPenalty = 1 }, new() { PresencePenalty = 1 },
            new() { LogitBias = new Dictionary<int, double> { [1] = 1 } }, new() { Constraint = OutputConstraint.JsonObject },
        ])
            Assert.False(TensorSampler.Takes(other));
    }

    private static SampledToken[] Next(float[][] logits, TokenDraw[] draws, long atOnce = 1 << 24)
    {
        using Tensor rows = tensor(logits.SelectMany(row => row).ToArray()).view(logits.Length, -1);
        return TensorSampler.Next(rows, [.. Enumerable.Range(0, logits.Length)], draws, atOnce);
    }

    private static bool IsAtBorder(float[] logits, SamplingOptions options, double uniform)
    {
        double[] p = PlainSampler.Probabilities(logits, [], options);
        PlainSampler.Draw(p, uniform, out bool nearBorder);
        bool Moves(double by) => !p.Select(x => x > 0).SequenceEqual(PlainSampler.Probabilities(logits, [], options with
        {
            TopP = options.TopP < 1 ? Math.Clamp(options.TopP + by, 0, 1 - 1e-12) : 1,
            MinP = options.MinP > 0 ? Math.Clamp(options.MinP * (1 + by), 0, 1) : 0,
        }).Select(x => x > 0));
        return nearBorder || Moves(1e-6) || Moves(-1e-6);
    }
}
