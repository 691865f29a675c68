using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>One line of a dot plot: a name, a rate in 0..1 with its interval, and a note at the right.</summary>
internal sealed record DotPlotRow(string Name, Interval Rate, string Note);

/// <summary>Rates with intervals, one below the other, on an axis from 0 to 100%, with a line at chance (50%).</summary>
internal static class DotPlotSvg
{
    private const double Width = 460, RowHeight = 24, Top = 22;

    public static Html Draw(string title, IReadOnlyList<DotPlotRow> rows)
    {
        double left = 14 + Math.Min(190, rows.Max(row => Labels.Width(row.Name)));
        double right = Width - 16 - rows.Max(row => Labels.Width(row.Note));
        double bottom = Top + RowHeight * rows.Count, height = bottom + 26;
        double X(double rate) => left + rate * (right - left);

        List<Html> parts = [];
        for (int tick = 0; tick <= 100; tick += 25)
        {
            double x = X(tick / 100.0);
            string line = tick == 50 ? "reference" : "grid";
            parts.Add(Html.Of($"""<line class="{line}" x1="{x}" x2="{x}" y1="{Top - 4}" y2="{bottom}"/>"""));
            parts.Add(Html.Of($"""<text class="tick" text-anchor="middle" x="{x}" y="{bottom + 17}">{tick}</text>"""));
        }
        parts.Add(Html.Of($"""<text class="tick" text-anchor="middle" x="{X(0.5)}" y="{Top - 9}">chance</text>"""));
        for (int i = 0; i < rows.Count; i++)
        {
            Interval rate = rows[i].Rate;
            double y = Top + RowHeight * (i + 0.5);
            string color = rate.IsAbove(0.5) ? "c-good" : rate.IsBelow(0.5) ? "c-bad" : "c-neutral";
            parts.Add(Html.Of($"""<text class="tick" text-anchor="end" x="{left - 10}" y="{y + 4}">{rows[i].Name}</text>"""));
            double low = X(rate.Low), high = X(rate.High);
            parts.Add(Html.Of($"""<path class="bar {color}" d="M{low} {y}H{high}M{low} {y - 4}v8M{high} {y - 4}v8"/>"""));
            parts.Add(Html.Of($"""<circle class="mark {color}" cx="{X(rate.Value)}" cy="{y}" r="4.5"/>"""));
            parts.Add(Html.Of($"""<text class="tick" x="{right + 12}" y="{y + 4}">{rows[i].Note}</text>"""));
        }
        return Html.Of($"""<svg viewBox="0 0 {Width} {height}" role="img" aria-label="{title}">{Html.Join(parts)}</svg>""");
    }
}
