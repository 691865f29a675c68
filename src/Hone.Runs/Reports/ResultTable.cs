using System.Text;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>
/// The final table (SFT, offline DPO, online DPO per iteration; each figure with its interval), once for the page, for
/// Markdown and for the terminal.
/// </summary>
internal sealed class ResultTable
{
    private readonly IReadOnlyList<ResultRow> _rows;
    private readonly IReadOnlyList<Column> _columns;

    private ResultTable(IReadOnlyList<ResultRow> rows, IReadOnlyList<Column> columns)
    {
        (_rows, _columns) = (rows, columns);
    }

    /// <summary>Columns that no row has a value for are left out.</summary>
    public static ResultTable Of(RunResults results)
    {
        Column[] all =
        [
            new("gold win rate %", "gold|win %", row => row.GoldWinRate, Format.Percent),
            new("LC gold win rate %", "LC gold|win %", row => row.LcGoldWinRate, Format.Percent),
            new("RM win rate %", "RM|win %", row => row.RmWinRate, Format.Percent),
            new("LC RM win rate %", "LC RM|win %", row => row.LcRmWinRate, Format.Percent),
            new("gold reward", "gold|reward", row => row.GoldReward, v => Format.Number(v, 2)),
            new("RM reward", "RM|reward", row => row.RmReward, v => Format.Number(v, 2)),
            new("KL to SFT", "KL|to SFT", row => row.Kl, v => Format.Number(v, 2)),
            new("log p of people's answers per token", "people's|log p/tok", row => row.HumanLogProb, v => Format.Number(v, 3)),
            new("length", "length|tokens", row => row.Length, v => Format.Number(v, 1)),
            new("ended %", "ended|%", row => Exact(row.EosRate), Format.Percent) { IsRate = true },
            new("duplicate %", "repeat|%", row => Exact(row.DuplicateRate), Format.Percent) { IsRate = true },
        ];
        // With a gold judge the reward model's own opinion of the policy trained on it has no place among the win rates.
        bool gold = results.HasGold;
        return new ResultTable(results.Rows,
            [.. all.Where(c => !(gold && c.Name.Contains("RM win")) && results.Rows.Any(r => c.Value(r) is not null))]);
    }

    /// <summary>A GitHub-flavoured Markdown table; the released row is bold.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append("| policy |").AppendJoin("", _columns.Select(c => $" {c.Name} |")).Append('\n');
        text.Append("|---|").AppendJoin("", _columns.Select(_ => "---:|")).Append('\n');
        foreach (ResultRow row in _rows)
        {
            string name = MarkdownText.Cell(row.Name);
            text.Append(row.Selected ? $"| **{name}** (released) |" : $"| {name} |");
            foreach (Column column in _columns) text.Append(' ').Append(column.Text(row)).Append(" |");
            text.Append('\n');
        }
        return text.ToString();
    }

    /// <summary>
    /// Plain text for a terminal: headings of two lines, the interval below its value, <c>*</c> at the released row.
    /// Only columns with intervals, so that it fits 90 columns.
    /// </summary>
    public string ToText()
    {
        IReadOnlyList<Column> columns = [.. _columns.Where(c => !c.IsRate)];
        string[][] headings = [.. columns.Select(c => c.ShortName.Split('|'))];
        List<string[]> lines = [["", .. headings.Select(h => h[0])], ["policy", .. headings.Select(h => h[1])]];
        foreach (ResultRow row in _rows)
        {
            lines.Add([(row.Selected ? "* " : "  ") + row.Name, .. columns.Select(c => c.Figure(row))]);
            lines.Add(["", .. columns.Select(c => c.Range(row))]);
        }
        int[] widths = [.. Enumerable.Range(0, columns.Count + 1).Select(i => lines.Max(line => line[i].Length))];
        StringBuilder text = new();
        foreach (string[] line in lines)
        {
            if (line.All(cell => cell.Length == 0)) continue;
            string padded = line[0].PadRight(widths[0])
                + string.Concat(line.Skip(1).Select((cell, i) => "  " + cell.PadLeft(widths[i + 1])));
            text.Append(padded.TrimEnd()).Append('\n');
        }
        return text.ToString();
    }

    internal Html ToHtml()
    {
        IEnumerable<Html> head = _columns.Select(c => Html.Of($"<th scope=\"col\">{c.Name}</th>"));
        Html selected = new(" class=\"selected\""), tag = new(" <span class=\"tag\">released</span>");
        IEnumerable<Html> body = _rows.Select(row => Html.Of($"""
            <tr{(row.Selected ? selected : Html.Empty)}><th scope="row">{row.Name}{(row.Selected ? tag : Html.Empty)}</th>
            {Html.Join(_columns.Select(c => c.Cell(row)))}</tr>

            """));
        return Html.Of($"""
            <div class="wide"><p class="more">{Html.MoreColumns}</p>
            <div class="scroll" tabindex="0"><table class="figures">
            <thead><tr><th scope="col">policy</th>{Html.Join(head)}</tr></thead>
            <tbody>
            {Html.Join(body)}</tbody></table></div></div>
            """);
    }

    private static Interval? Exact(double? value) => value is { } v ? Interval.Exact(v) : null;

    private sealed record Column(string Name, string ShortName, Func<ResultRow, Interval?> Value, Func<double, string> Number)
    {
        /// <summary>A plain rate without an interval.</summary>
        public bool IsRate { get; init; }

        public string Figure(ResultRow row) => Value(row) is { } v ? Number(v.Value) : "-";

        /// <summary>Empty where the value is exact (SFT against itself, a plain rate).</summary>
        public string Range(ResultRow row) => Value(row) is { } v && v.Low != v.High ? $"{Number(v.Low)}..{Number(v.High)}" : "";

        public string Text(ResultRow row) =>
            Value(row) is not { } v ? "-" : v.Low == v.High && !v.IsUndefined ? Number(v.Value) : Format.WithInterval(v, Number);

        public Html Cell(ResultRow row)
        {
            if (Value(row) is not { } v) return new Html("<td class=\"none\">–</td>");
            string figure = Format.Typographic(Number(v.Value));
            if (v.Low == v.High) return Html.Of($"<td>{figure}</td>");
            return Html.Of($"<td>{figure}<small>{Format.Typographic(Number(v.Low))} to {Format.Typographic(Number(v.High))}</small></td>");
        }
    }
}
