namespace Hone.Inference.Tests;

/// <summary>Pearson's goodness-of-fit test, failing at 5 standard deviations by the Wilson-Hilferty approximation.</summary>
internal static class ChiSquare
{
    public static void AssertFits(IReadOnlyList<double> counts, IReadOnlyList<double> probabilities)
    {
        double draws = counts.Sum(), statistic = 0;
        int cells = 0;
        for (int i = 0; i < counts.Count; i++)
        {
            double expected = draws * probabilities[i];
            if (expected == 0)
            {
                Assert.Equal(0, counts[i]);
                continue;
            }
            statistic += (counts[i] - expected) * (counts[i] - expected) / expected;
            cells++;
        }
        double freedom = Math.Max(1, cells - 1);
        double z = (Math.Cbrt(statistic / freedom) - (1 - 2 / (9 * freedom))) / Math.Sqrt(2 / (9 * freedom));
        Assert.True(z < 5, $"chi-square {statistic:F1} with {freedom} degrees of freedom (z = {z:F1})");
    }
}
