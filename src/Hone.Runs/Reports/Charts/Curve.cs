namespace Hone.Runs;

/// <summary>Makes training curves readable: fewer points, and a moving average.</summary>
internal static class Curve
{
    /// <summary>Few enough for a page, more than a figure can show.</summary>
    public const int MaxPoints = 300;

    /// <summary>At most <see cref="MaxPoints"/> points: of each stretch its lowest and highest, so that spikes stay.</summary>
    public static IReadOnlyList<ChartPoint> Thin(IReadOnlyList<MetricPoint> points)
    {
        if (points.Count <= MaxPoints) return [.. points.Select(p => new ChartPoint(p.Step, p.Value))];
        List<ChartPoint> thin = new(MaxPoints);
        int stretches = MaxPoints / 2;
        for (int s = 0; s < stretches; s++)
        {
            int start = (int)((long)points.Count * s / stretches), end = (int)((long)points.Count * (s + 1) / stretches);
            int low = start, high = start;
            for (int i = start; i < end; i++)
            {
                if (points[i].Value < points[low].Value) low = i;
                if (points[i].Value > points[high].Value) high = i;
            }
            foreach (int i in new[] { Math.Min(low, high), Math.Max(low, high) }.Distinct())
                thin.Add(new ChartPoint(points[i].Step, points[i].Value));
        }
        return thin;
    }

    /// <summary>Width of the moving average that suits this many points; 1 where they are few enough to stand as they are.</summary>
    public static int Window(int points) => points < 30 ? 1 : Math.Max(5, points / 15);

    /// <summary>
    /// Centred mean over <paramref name="window"/> points. At the start it narrows, for a steep start must stay where it is;
    /// at the end it becomes one-sided, for a single noisy step must not look like a turn.
    /// </summary>
    public static IReadOnlyList<MetricPoint> MovingAverage(IReadOnlyList<MetricPoint> points, int window)
    {
        double[] sums = new double[points.Count + 1];
        for (int i = 0; i < points.Count; i++) sums[i + 1] = sums[i] + points[i].Value;
        MetricPoint[] averaged = new MetricPoint[points.Count];
        for (int i = 0; i < averaged.Length; i++)
        {
            int half = Math.Min(window / 2, i), start = i - half, end = Math.Min(i + half + 1, points.Count);
            averaged[i] = new MetricPoint(points[i].Step, (sums[end] - sums[start]) / (end - start));
        }
        return averaged;
    }
}
