using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>One line chart or scatter plot: what is drawn, not how.</summary>
internal sealed record Chart(string Title, string XLabel, string YLabel, IReadOnlyList<ChartSeries> Series)
{
    /// <summary>What the figure shows, of how many, with which interval.</summary>
    public Html Caption { get; init; }

    /// <summary>Values lie in 0..1 and are labelled as percentages.</summary>
    public bool YPercent { get; init; }

    /// <summary>Names of x = 0, 1, 2, ... in place of numbers.</summary>
    public IReadOnlyList<string>? XNames { get; init; }

    /// <summary>A dashed line at this y, for example 0.5: no difference.</summary>
    public double? Reference { get; init; }

    public string ReferenceLabel { get; init; } = "";

    /// <summary>Names stand at the ends of the lines in place of a legend.</summary>
    public bool EndLabels { get; init; }

    /// <summary>Drawn for a third of the page's width in place of a half, with text of the same size.</summary>
    public bool Compact { get; init; }

    public bool IsEmpty => Series.All(series => series.Points.Count == 0);
}

/// <summary>Points of one colour. <paramref name="Color"/> is a class of <see cref="ReportStyle"/>.</summary>
internal sealed record ChartSeries(string Name, string Color, IReadOnlyList<ChartPoint> Points)
{
    public bool Line { get; init; } = true;

    public bool Markers { get; init; }

    /// <summary>Thin and pale, without a name: the raw values behind a smoothed line.</summary>
    public bool Faint { get; init; }
}

/// <summary>A point with an optional interval on each axis and an optional label beside it.</summary>
internal sealed record ChartPoint(double X, double Y, Interval? YInterval = null, Interval? XInterval = null, string? Label = null);
