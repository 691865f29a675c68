using CsCheck;

namespace Hone.Evaluation.Tests;

public class CorrelationTests
{
    private static readonly double[] s_lightness = [44.4, 45.9, 41.9, 53.3, 44.7, 44.1, 50.7, 45.2, 60.1];
    private static readonly double[] s_quality = [2.6, 3.1, 2.5, 5.0, 3.6, 4.0, 5.2, 2.8, 3.8];

    /// <summary>Canned tuna (Hollander and Wolfe 1973, page 185), the example of R's cor.test.</summary>
    [Fact]
    public void Published_example()
    {
        Assert.Equal(0.5711816, Correlation.Pearson(s_lightness, s_quality), 7);
        Assert.Equal(0.6, Correlation.Spearman(s_lightness, s_quality), 10);
        Assert.Equal(0.4444444, Correlation.Kendall(s_lightness, s_quality), 7);
    }

    /// <summary>The examples of scipy.stats.kendalltau and scipy.stats.spearmanr.</summary>
    [Fact]
    public void Published_examples_with_ties()
    {
        Assert.Equal(-0.4714045207910317, Correlation.Kendall([12, 2, 1, 12, 2], [1, 4, 7, 1, 0]), 12);
        Assert.Equal(0.8207826816681233, Correlation.Spearman([1, 2, 3, 4, 5], [5, 6, 7, 8, 7]), 12);
    }

    [Fact]
    public void Kendall_equals_counting_all_pairs() =>
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 6]).Array[2, 40].Sample(points =>
        {
            double[] x = [.. points.Select(p => (double)p.Item1)], y = [.. points.Select(p => (double)p.Item2)];
            double score = 0, untiedX = 0, untiedY = 0;
            for (int i = 0; i < x.Length; i++)
            {
                for (int j = 0; j < i; j++)
                {
                    score += Math.Sign(x[i] - x[j]) * Math.Sign(y[i] - y[j]);
                    untiedX += x[i] != x[j] ? 1 : 0;
                    untiedY += y[i] != y[j] ? 1 : 0;
                }
            }
            Assert.Equal(score / Math.Sqrt(untiedX * untiedY), Correlation.Kendall(x, y), 1e-10);
        }, iter: 500);

    [Fact]
    public void Values_that_do_not_vary_have_no_correlation()
    {
        double[] flat = [0.1, 0.1, 0.1], line = [1, 2, 3];
        Assert.True(double.IsNaN(Correlation.Pearson(flat, line)));
        Assert.True(double.IsNaN(Correlation.Spearman(line, flat)));
        Assert.True(double.IsNaN(Correlation.Kendall(flat, line)));
        Assert.True(double.IsNaN(Correlation.Pearson([], [])));
        Assert.Null(Correlation.WithinPrompt([[1], [2]], [[1], [2]], 1));
        Assert.Throws<ArgumentException>(() => Correlation.Pearson(line, [1]));
    }

    [Fact]
    public void Within_prompt_correlation_does_not_see_differences_between_prompts()
    {
        // The judge knows which prompts are easy and nothing else: across all answers it looks good.
        double[][] rewards = [[10, 11, 10, 11], [0, 1, 0, 1], [-10, -9, -10, -9]];
        double[][] gold = [[20, 20, 21, 21], [5, 5, 6, 6], [-7, -7, -6, -6]];
        Assert.True(Correlation.Pearson([.. rewards.SelectMany(r => r)], [.. gold.SelectMany(g => g)]) > 0.95);
        Assert.Equal(0, Correlation.WithinPrompt(rewards, gold, 1)!.Value.Value, 12);
    }

    [Fact]
    public void Within_prompt_correlation_equals_pearson_of_centred_values()
    {
        double[][] rewards = [[1, 2, 4], [7, 5], [0, 3, 3, 8]];
        double[][] gold = [[2, 1, 5], [9, 8], [1, 1, 2, 9]];
        double[] x = [.. rewards.SelectMany(r => r.Select(v => v - r.Average()))],
            y = [.. gold.SelectMany(g => g.Select(v => v - g.Average()))];
        Interval interval = Correlation.WithinPrompt(rewards, gold, seed: 5)!.Value;
        Assert.Equal(Correlation.Pearson(x, y), interval.Value, 12);
        Assert.InRange(interval.Value, interval.Low, interval.High);
        Assert.True(interval.High <= 1 && interval.Low < interval.High);
    }
}
