namespace Hone.Evaluation;

/// <summary>Correlation of two lists of values. NaN where one of them does not vary.</summary>
internal static class Correlation
{
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static double Pearson(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        RequireSameLength(x, y);
        (double xx, double yy, double xy) = CentredSums(x, y);
        return Ratio(xx, yy, xy);
    }

    /// <summary>Pearson correlation of the ranks; equal values share the mean of their ranks.</summary>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static double Spearman(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        RequireSameLength(x, y);
        return Pearson(Ranks(x), Ranks(y));
    }

    /// <summary>
    /// Kendall's tau-b: (concordant - discordant) / sqrt(pairs untied in x * pairs untied in y), in O(n log n) by
    /// counting the exchanges of a merge sort (Knight 1966).
    /// </summary>
    /// <exception cref="ArgumentException">The lists differ in length.</exception>
    public static double Kendall(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        RequireSameLength(x, y);
        int n = x.Count;
        int[] order = [.. Enumerable.Range(0, n).OrderBy(i => x[i]).ThenBy(i => y[i])];
        double pairs = n * (n - 1.0) / 2, tiedX = 0, tiedBoth = 0, runX = 0, runBoth = 0;
        for (int i = 1; i < n; i++)
        {
            bool sameX = x[order[i]] == x[order[i - 1]];
            tiedX += runX = sameX ? runX + 1 : 0;
            tiedBoth += runBoth = sameX && y[order[i]] == y[order[i - 1]] ? runBoth + 1 : 0;
        }
        double[] sorted = [.. order.Select(i => y[i])];
        double discordant = SortCountingExchanges(sorted, new double[n], 0, n);
        double tiedY = 0, runY = 0;
        for (int i = 1; i < n; i++) tiedY += runY = sorted[i] == sorted[i - 1] ? runY + 1 : 0;
        double concordantLessDiscordant = pairs - tiedX - tiedY + tiedBoth - 2 * discordant;
        return Ratio(pairs - tiedX, pairs - tiedY, concordantLessDiscordant);
    }

    /// <summary>
    /// Correlation among answers to the same prompt: both lists are centred per prompt, then pooled. It shows whether a
    /// judge ranks the answers to a prompt, which differences between prompts would hide. Prompts are drawn whole for the
    /// interval; null where nothing varies within any prompt.
    /// </summary>
    /// <param name="x">Values per prompt, for example rewards. [prompts][answers]</param>
    /// <param name="y">Values per prompt, of the same shape, for example gold scores.</param>
    /// <param name="seed">Seed of the resampling.</param>
    /// <param name="resamples">Bootstrap resamples.</param>
    /// <exception cref="ArgumentException">The shapes differ, or there is no prompt.</exception>
    public static Interval? WithinPrompt(
        IReadOnlyList<IReadOnlyList<double>> x, IReadOnlyList<IReadOnlyList<double>> y, ulong seed,
        int resamples = Bootstrap.DefaultResamples)
    {
        if (x.Count != y.Count || x.Count == 0) throw new ArgumentException("Both lists need the same prompts, at least one.", nameof(y));
        (double XX, double YY, double XY)[] sums = new (double, double, double)[x.Count];
        for (int p = 0; p < sums.Length; p++)
        {
            RequireSameLength(x[p], y[p]);
            sums[p] = CentredSums(x[p], y[p]);
        }
        Interval interval = Bootstrap.Statistic(sums.Length, counts =>
        {
            double xx = 0, yy = 0, xy = 0;
            for (int p = 0; p < sums.Length; p++)
            {
                xx += counts[p] * sums[p].XX;
                yy += counts[p] * sums[p].YY;
                xy += counts[p] * sums[p].XY;
            }
            return Ratio(xx, yy, xy);
        }, seed, resamples);
        return double.IsNaN(interval.Value) ? null : interval;
    }

    private static double Ratio(double xx, double yy, double xy) =>
        xx > 0 && yy > 0 ? Math.Clamp(xy / (Math.Sqrt(xx) * Math.Sqrt(yy)), -1, 1) : double.NaN;

    private static (double XX, double YY, double XY) CentredSums(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        double meanX = x.Count == 0 ? 0 : x.Average(), meanY = y.Count == 0 ? 0 : y.Average(), xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < x.Count; i++)
        {
            double dx = x[i] - meanX, dy = y[i] - meanY;
            xx += dx * dx;
            yy += dy * dy;
            xy += dx * dy;
        }
        // Equal values must count as not varying, though rounding may put their mean beside them.
        return (Varies(x) ? xx : 0, Varies(y) ? yy : 0, Varies(x) && Varies(y) ? xy : 0);
    }

    private static bool Varies(IReadOnlyList<double> values)
    {
        for (int i = 1; i < values.Count; i++)
        {
            if (values[i] != values[0]) return true;
        }
        return false;
    }

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        double[] ranks = new double[values.Count];
        for (int first = 0, end; first < order.Length; first = end)
        {
            end = first + 1;
            while (end < order.Length && values[order[end]] == values[order[first]]) end++;
            for (int i = first; i < end; i++) ranks[order[i]] = (first + end - 1) / 2.0;
        }
        return ranks;
    }

    private static double SortCountingExchanges(double[] values, double[] scratch, int start, int end)
    {
        if (end - start < 2) return 0;
        int middle = (start + end) / 2;
        double exchanges = SortCountingExchanges(values, scratch, start, middle) + SortCountingExchanges(values, scratch, middle, end);
        int left = start, right = middle;
        for (int i = start; i < end; i++)
        {
            bool takeLeft = right == end || (left < middle && values[left] <= values[right]);
            if (!takeLeft) exchanges += middle - left;
            scratch[i] = takeLeft ? values[left++] : values[right++];
        }
        Array.Copy(scratch, start, values, start, end - start);
        return exchanges;
    }

    private static void RequireSameLength(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        if (x.Count != y.Count) throw new ArgumentException("Both lists need the same length.", nameof(y));
    }
}
