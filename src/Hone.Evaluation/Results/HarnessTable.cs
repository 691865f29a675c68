using System.Globalization;
using System.Text;

namespace Hone.Evaluation;

/// <summary>
/// A line of the table. <paramref name="Depth"/> is 0 for a task or group of its own, 1 for a member of the group above
/// it.
/// </summary>
/// <param name="StandardError">Null where it is not defined.</param>
internal sealed record HarnessRow(
    string Task, int Depth, string Version, string Filter, int NumFewshot, string Metric, double Value, double? StandardError);

/// <summary>
/// The table people know from lm-evaluation-harness, which is Markdown as well: <c>|Tasks|Version|Filter|n-shot|Metric|
/// |Value| |Stderr|</c>.
/// </summary>
internal static class HarnessTable
{
    private static readonly string[] s_headings = ["Tasks", "Version", "Filter", "n-shot", "Metric", "", "Value", "", "Stderr"];
    private static readonly bool[] s_right = [false, true, false, true, false, false, true, false, true];

    public static string Render(IEnumerable<HarnessRow> rows)
    {
        List<string[]> lines = [];
        HarnessRow? above = null;
        foreach (HarnessRow row in rows)
        {
            bool same = above is not null && above.Task == row.Task && above.Depth == row.Depth;
            lines.Add([same ? "" : (row.Depth > 0 ? " - " : "") + row.Task, same ? "" : row.Version, row.Filter,
                $"{row.NumFewshot}", row.Metric, "↑",
                Number(row.Value), "±", row.StandardError is { } error ? Number(error) : "N/A"]);
            above = row;
        }
        int[] widths =
            [.. s_headings.Select((h, c) => Math.Max(c is 5 or 7 ? 3 : h.Length, lines.Select(l => l[c].Length).DefaultIfEmpty().Max()))];
        var text = new StringBuilder();
        Line(text, [.. s_headings.Select((h, c) => Centre(h, widths[c]))]);
        // As the harness marks it: a column in which nothing is a number is none of numbers.
        bool errors = lines.Any(l => l[^1] != "N/A");
        Line(text, [.. widths.Select((w, c) => s_right[c] && (errors || c != 8) ? new string('-', w - 1) + ":" : new string('-', w))]);
        foreach (string[] line in lines)
            Line(text, [.. line.Select((cell, c) => s_right[c] ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]))]);
        return text.ToString();
    }

    private static void Line(StringBuilder text, string[] cells) => text.Append('|').AppendJoin('|', cells).Append("|\n");

    private static string Centre(string text, int width) => text.PadLeft((width - text.Length) / 2 + text.Length).PadRight(width);

    private static string Number(double value) => double.IsNaN(value) ? "N/A" : value.ToString("F4", CultureInfo.InvariantCulture);
}
