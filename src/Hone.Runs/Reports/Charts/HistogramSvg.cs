namespace Hone.Runs;

/// <summary>Counts of whole numbers as bars, with dashed lines at named places, such as a limit.</summary>
internal static class HistogramSvg
{
    private const double Width = 620, Height = 220, Top = 30, Bottom = 178, LineHeight = 15;

    public static Html Draw(string title, string xLabel,
        IReadOnlyList<(int From, int To, long Count)> bins, IReadOnlyList<(string Name, int At)> marks)
    {
        Axis x = Axis.Fit(bins[0].From, Math.Max(bins[^1].To, marks.Select(m => m.At).DefaultIfEmpty().Max()), 7),
            y = Axis.Cover(0, bins.Max(b => b.Count), 5, integers: true);
        double left = 14 + y.Ticks().Max(t => Labels.Width(y.Label(t))), right = Width - 14;
        double X(double value) => left + x.Share(value) * (right - left);
        double Y(double value) => Bottom - y.Share(value) * (Bottom - Top);

        List<Html> parts = [Html.Of($"""<text class="label" x="2" y="13">rows</text>""")];
        foreach (double tick in y.Ticks())
        {
            parts.Add(Html.Of($"""<line class="grid" x1="{left}" x2="{right}" y1="{Y(tick)}" y2="{Y(tick)}"/>"""));
            parts.Add(Html.Of($"""<text class="tick" text-anchor="end" x="{left - 7}" y="{Y(tick) + 4}">{y.Label(tick)}</text>"""));
        }
        foreach ((int from, int to, long count) in bins)
        {
            if (count == 0) continue;
            double height = Math.Max(Bottom - Y(count), 1.5); // one row among thousands is still seen
            double width = Math.Max(X(to) - X(from), 1);
            Html tip = Html.Of($"<title>{Range(from, to)}: {Format.Count(count)}</title>");
            parts.Add(Html.Of(
                $"""<rect class="mark c-it2" x="{X(from)}" y="{Bottom - height}" width="{width}" height="{height}">{tip}</rect>"""));
        }
        foreach (double tick in x.Ticks())
            parts.Add(Html.Of($"""<text class="tick" text-anchor="middle" x="{X(tick)}" y="{Bottom + 18}">{x.Label(tick)}</text>"""));
        int line = 0;
        foreach (IGrouping<int, string> mark in marks.GroupBy(m => m.At, m => m.Name))
        {
            double at = X(mark.Key), room = at > (left + right) / 2 ? -4 : 4, height = Top - 4 + LineHeight * line++;
            parts.Add(Html.Of($"""<line class="reference" x1="{at}" x2="{at}" y1="{Top - 8}" y2="{Bottom}"/>"""));
            string anchor = room < 0 ? "end" : "start", names = string.Join(", ", mark);
            parts.Add(Html.Of($"""<text class="tick" text-anchor="{anchor}" x="{at + room}" y="{height}">{names} {mark.Key}</text>"""));
        }
        parts.Add(Html.Of($"""<line class="axis" x1="{left}" x2="{right}" y1="{Bottom}" y2="{Bottom}"/>"""));
        parts.Add(Html.Of($"""<text class="label" text-anchor="end" x="{right}" y="{Height - 6}">{xLabel}</text>"""));
        return Html.Of($"""<svg viewBox="0 0 {Width} {Height}" role="img" aria-label="{title}">{Html.Join(parts)}</svg>""");
    }

    private static string Range(int from, int to) => to == from + 1 ? $"{from}" : $"{from} to {to - 1}";
}
