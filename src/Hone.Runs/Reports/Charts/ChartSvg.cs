using System.Globalization;
using System.Text;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>Draws a <see cref="Chart"/> as inline SVG. Colours come from the page's style sheet, so it follows light and dark.</summary>
internal static class ChartSvg
{
    private const double Bottom = 46, LineHeight = 17;
    private const int MostHovers = 60; // of a line: as many as a finger or pointer can tell apart

    public static Html Draw(Chart chart)
    {
        Plot plot = Plot.Lay(chart);
        List<Html> parts = [];
        DrawAxes(chart, plot, parts);
        Labels labels = new(plot.Left, plot.Top, plot.Width, plot.BottomEdge);
        foreach (ChartSeries series in chart.Series) DrawSeries(series, chart.XNames, plot, labels, parts);
        DrawReferenceLabel(chart, plot, labels, parts);
        foreach (ChartSeries series in chart.Series) DrawPointLabels(series, plot, labels, parts);
        if (chart.EndLabels) DrawEndLabels(Named(chart), plot, labels, parts);
        else DrawLegend(Named(chart), plot.Width, parts);
        return Html.Of($"""<svg viewBox="0 0 {plot.Width} {plot.Height}" role="img" aria-label="{chart.Title}">{Html.Join(parts)}</svg>""");
    }

    private static IReadOnlyList<ChartSeries> Named(Chart chart) =>
        [.. chart.Series.Where(s => !s.Faint && s.Name.Length > 0 && s.Points.Count > 0)];

    private static void DrawAxes(Chart chart, Plot plot, List<Html> parts)
    {
        parts.Add(Html.Of($"""<text class="label" x="2" y="13">{chart.YLabel}</text>"""));
        foreach (double tick in plot.YAxis.Ticks())
        {
            double y = plot.Y(tick);
            string text = Format.Typographic(plot.YAxis.Label(tick, chart.YPercent));
            parts.Add(Html.Of($"""<line class="grid" x1="{plot.Left}" x2="{plot.Right}" y1="{y}" y2="{y}"/>"""));
            parts.Add(Html.Of($"""<text class="tick" text-anchor="end" x="{plot.Left - 7}" y="{y + 4}">{text}</text>"""));
        }
        double lastEnd = double.NegativeInfinity;
        foreach (double tick in plot.XAxis.Ticks())
        {
            int index = (int)Math.Round(tick);
            if (chart.XNames is not null && (index < 0 || index >= chart.XNames.Count)) continue;
            string text = chart.XNames?[index] ?? Format.Typographic(plot.XAxis.Label(tick));
            double x = plot.X(tick), half = Labels.Width(text) / 2;
            parts.Add(Html.Of($"""<line class="axis" x1="{x}" x2="{x}" y1="{plot.BottomEdge}" y2="{plot.BottomEdge + 5}"/>"""));
            double centre = Math.Min(x, plot.Width - half);
            if (centre - half < lastEnd + 4) continue;
            lastEnd = centre + half;
            parts.Add(Html.Of($"""<text class="tick" text-anchor="middle" x="{centre}" y="{plot.BottomEdge + 18}">{text}</text>"""));
        }
        parts.Add(Html.Of($"""<line class="axis" x1="{plot.Left}" x2="{plot.Right}" y1="{plot.BottomEdge}" y2="{plot.BottomEdge}"/>"""));
        parts.Add(Html.Of($"""<text class="label" text-anchor="end" x="{plot.Right}" y="{plot.Height - 6}">{chart.XLabel}</text>"""));
        if (chart.Reference is not { } reference) return;
        double at = plot.Y(reference);
        parts.Add(Html.Of($"""<line class="reference" x1="{plot.Left}" x2="{plot.Right}" y1="{at}" y2="{at}"/>"""));
    }

    /// <summary>The name of the dashed line stands at one of its ends, above or below, where it covers the least.</summary>
    private static void DrawReferenceLabel(Chart chart, Plot plot, Labels labels, List<Html> parts)
    {
        if (chart.Reference is not { } reference || chart.ReferenceLabel.Length == 0) return;
        double at = plot.Y(reference), end = plot.Right - 3 - Labels.Width(chart.ReferenceLabel), start = plot.Left + 3;
        (double x, double y) = labels.Freest([(end, at - 4), (end, at + 14), (start, at - 4), (start, at + 14)], chart.ReferenceLabel);
        // Letters are narrower than they are taken for: at the right end the text ends where the line does.
        (string anchor, x) = x == end ? ("end", plot.Right - 3) : ("start", x);
        parts.Add(Html.Of($"""<text class="tick" text-anchor="{anchor}" x="{x}" y="{y}">{chart.ReferenceLabel}</text>"""));
    }

    private static void DrawSeries(
        ChartSeries series, IReadOnlyList<string>? names, Plot plot, Labels labels, List<Html> parts)
    {
        if (series.Line && series.Points.Count > 1)
        {
            for (int i = 1; i < series.Points.Count && !series.Faint; i++)
                labels.TakeLine(plot.X(series.Points[i - 1].X), plot.Y(series.Points[i - 1].Y), plot.X(series.Points[i].X),
                    plot.Y(series.Points[i].Y));
            StringBuilder path = new();
            foreach (ChartPoint point in series.Points)
                path.Append(path.Length == 0 ? 'M' : 'L').Append(Html.Of($"{plot.X(point.X)} {plot.Y(point.Y)}"));
            parts.Add(Html.Of($"""<path class="line {series.Color}{(series.Faint ? " faint" : "")}" d="{path.ToString()}"/>"""));
        }
        foreach (ChartPoint point in series.Points)
        {
            double x = plot.X(point.X), y = plot.Y(point.Y);
            if (point.YInterval is { } up)
                DrawInterval(plot.X(point.X), plot.X(point.X), plot.Y(up.Low), plot.Y(up.High), series.Color, labels, parts);
            if (point.XInterval is { } along)
                DrawInterval(plot.X(along.Low), plot.X(along.High), plot.Y(point.Y), plot.Y(point.Y), series.Color, labels, parts);
            if (!series.Markers && series.Points.Count > 1) continue;
            labels.Take(x - 5, y - 5, x + 5, y + 5);
            Html title = Html.Of($"<title>{Describe(series, point, names)}</title>");
            parts.Add(Html.Of($"""<circle class="mark {series.Color}" cx="{x}" cy="{y}" r="4.5">{title}</circle>"""));
        }
        if (series is { Markers: false, Faint: false }) DrawHovers(series, names, plot, parts);
    }

    /// <summary>Places on a line, not seen, that tell their value under the pointer.</summary>
    private static void DrawHovers(ChartSeries series, IReadOnlyList<string>? names, Plot plot, List<Html> parts)
    {
        int every = Math.Max(1, series.Points.Count / MostHovers);
        for (int i = 0; i < series.Points.Count && series.Points.Count > 1; i += every)
        {
            ChartPoint point = series.Points[i];
            Html title = Html.Of($"<title>{Describe(series, point, names)}</title>");
            (double x, double y) = (plot.X(point.X), plot.Y(point.Y));
            parts.Add(Html.Of($"""<circle class="hover {series.Color}" cx="{x}" cy="{y}" r="6">{title}</circle>"""));
        }
    }

    private static void DrawInterval(double x0, double x1, double y0, double y1, string color, Labels labels, List<Html> parts)
    {
        labels.Take(Math.Min(x0, x1) - 2, Math.Min(y0, y1) - 2, Math.Max(x0, x1) + 2, Math.Max(y0, y1) + 2);
        (double dx, double dy) = x0 == x1 ? (4, 0) : (0, 4);
        parts.Add(Html.Of($"""
            <path class="bar {color}" d="M{x0} {y0}L{x1} {y1}
            M{x0 - dx} {y0 - dy}L{x0 + dx} {y0 + dy}M{x1 - dx} {y1 - dy}L{x1 + dx} {y1 + dy}"/>
            """));
    }

    private static void DrawPointLabels(ChartSeries series, Plot plot, Labels labels, List<Html> parts)
    {
        foreach (ChartPoint point in series.Points)
        {
            if (point.Label is null) continue;
            (double x, double y) = labels.Beside(plot.X(point.X), plot.Y(point.Y), point.Label);
            parts.Add(Html.Of($"""<text class="name {series.Color}" x="{x}" y="{y}">{point.Label}</text>"""));
        }
    }

    private static void DrawEndLabels(IReadOnlyList<ChartSeries> series, Plot plot, Labels labels, List<Html> parts)
    {
        double[] heights = labels.Spread([.. series.Select(s => plot.Y(s.Points[^1].Y))], LineHeight - 2);
        double x = plot.Right + 8;
        foreach ((ChartSeries s, double y) in series.Zip(heights))
            parts.Add(Html.Of($"""<text class="name {s.Color}" x="{x}" y="{y + 4}">{s.Name}</text>"""));
    }

    private static void DrawLegend(IReadOnlyList<ChartSeries> series, double pictureWidth, List<Html> parts)
    {
        if (series.Count < 2) return;
        double x = 2, y = 13 + LineHeight;
        foreach (ChartSeries s in series)
        {
            double width = 22 + Labels.Width(s.Name) + 12;
            if (x + width > pictureWidth && x > 2) (x, y) = (2, y + LineHeight);
            parts.Add(s.Line
                ? Html.Of($"""<path class="line {s.Color}" d="M{x} {y - 4}H{x + 16}"/>""")
                : Html.Of($"""<circle class="mark {s.Color}" cx="{x + 8}" cy="{y - 4}" r="4.5"/>"""));
            parts.Add(Html.Of($"""<text class="tick" x="{x + 22}" y="{y}">{s.Name}</text>"""));
            x += width;
        }
    }

    private static string Describe(ChartSeries series, ChartPoint point, IReadOnlyList<string>? names)
    {
        string interval = point.YInterval is not { } i ? ""
            : string.Create(CultureInfo.InvariantCulture, $" [{i.Low:0.####}, {i.High:0.####}]");
        string name = point.Label is null || point.Label == series.Name ? series.Name : $"{series.Name} {point.Label}";
        string x = names?.ElementAtOrDefault((int)Math.Round(point.X))
            ?? point.X.ToString("0.####", CultureInfo.InvariantCulture);
        return $"{name}{(name.Length > 0 ? ": " : "")}{x}, {Value(point.Y)}{interval}";

        static string Value(double y) => Math.Abs(y) is >= 0.001 or 0
            ? y.ToString("0.####", CultureInfo.InvariantCulture)
            : y.ToString("0.###e-0", CultureInfo.InvariantCulture);
    }

    /// <summary>Where the axes lie and how values become positions.</summary>
    private sealed record Plot(Axis XAxis, Axis YAxis, double Width, double Height, double Left, double Right, double Top)
    {
        public double BottomEdge => Height - Bottom;

        public double X(double value) => Left + XAxis.Share(value) * (Right - Left);

        public double Y(double value) => BottomEdge - YAxis.Share(value) * (BottomEdge - Top);

        public static Plot Lay(Chart chart)
        {
            IReadOnlyList<ChartPoint> points = [.. chart.Series.SelectMany(s => s.Points)];
            IEnumerable<double> xs = points.SelectMany(p => Ends(p.X, p.XInterval)), ys = points.SelectMany(p => Ends(p.Y, p.YInterval));
            if (chart.Reference is { } reference) ys = ys.Append(reference);
            (double low, double high) = (ys.Min(), ys.Max());
            // No share lies above 100%.
            if (chart.YPercent && high - low < 0.02) (low, high) = (Math.Max(0, low - 0.1), Math.Min(1, high + 0.1));
            Axis yAxis = Axis.Cover(low, high, 6);
            bool whole = points.All(p => p.X == Math.Round(p.X)), lines = chart.Series.All(s => s.Line && !s.Markers);
            bool curves = points.All(p => p.XInterval is null) && (whole || lines);
            Axis xAxis = chart.XNames is { } names ? Axis.Names(-0.3, names.Count - 0.7)
                : curves ? Axis.Fit(xs.Min(), xs.Max(), 6, whole) : Axis.Cover(xs.Min(), xs.Max(), 6);

            (double width, double height) = chart.Compact ? (340, 240) : (460, 290);
            IReadOnlyList<ChartSeries> named = Named(chart);
            double left = 12 + yAxis.Ticks().Max(t => Labels.Width(yAxis.Label(t, chart.YPercent)));
            double right = width - (chart.EndLabels ? 14 + named.Max(s => Labels.Width(s.Name)) : 14);
            double top = 26 + LineHeight * (chart.EndLabels ? 0 : LegendLines(named, width));
            return new Plot(xAxis, yAxis, width, height, left, right, top);
        }

        private static IEnumerable<double> Ends(double value, Interval? interval) =>
            interval is { } i && double.IsFinite(i.Low) && double.IsFinite(i.High) ? [value, i.Low, i.High] : [value];

        private static int LegendLines(IReadOnlyList<ChartSeries> series, double pictureWidth)
        {
            if (series.Count < 2) return 0;
            double x = 2;
            int lines = 1;
            foreach (ChartSeries s in series)
            {
                double width = 22 + Labels.Width(s.Name) + 12;
                if (x + width > pictureWidth && x > 2) (x, lines) = (2, lines + 1);
                x += width;
            }
            return lines;
        }
    }
}
