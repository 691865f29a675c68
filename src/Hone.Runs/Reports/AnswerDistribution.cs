namespace Hone.Runs;

/// <summary>How the rewards and lengths of a policy's answers are spread.</summary>
/// <param name="Name">Name of the row.</param>
/// <param name="Rewards">By the reward model.</param>
/// <param name="Lengths">In tokens.</param>
public sealed record AnswerDistribution(string Name, Histogram Rewards, Histogram Lengths);

/// <summary>Counts in bins of equal width; the first begins at <paramref name="From"/>.</summary>
public sealed record Histogram(double From, double Width, IReadOnlyList<int> Counts)
{
    private const int Bins = 24;

    /// <summary>Histograms of several samples in the same bins, whose borders are round numbers.</summary>
    internal static IReadOnlyList<Histogram> Of(IReadOnlyList<IReadOnlyList<double>> samples)
    {
        double[] all = [.. samples.SelectMany(s => s).Where(double.IsFinite)];
        if (all.Length == 0) return [.. samples.Select(_ => new Histogram(0, 1, []))];
        var axis = Axis.Cover(all.Min(), all.Max(), Bins);
        int bins = (int)Math.Round((axis.High - axis.Low) / axis.Step);
        return [.. samples.Select(sample =>
        {
            int[] counts = new int[bins];
            foreach (double value in sample.Where(double.IsFinite))
                counts[Math.Clamp((int)Math.Floor((value - axis.Low) / axis.Step), 0, bins - 1)]++;
            return new Histogram(axis.Low, axis.Step, counts);
        })];
    }
}
