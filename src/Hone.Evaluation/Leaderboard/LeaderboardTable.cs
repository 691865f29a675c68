using System.Globalization;
using System.Text;

namespace Hone.Evaluation;

/// <summary>The two tables of the card with one's own rows in them, as Markdown, and what the numbers say of the claims.</summary>
internal static class LeaderboardTable
{
    public const string OwnGroup = "Yours";

    /// <param name="own">Rows to add, each under <see cref="OwnGroup"/>; one per table.</param>
    public static string Render(IReadOnlyList<LeaderboardRow> own)
    {
        var text = new StringBuilder();
        foreach ((string table, string title) in new[] { ("chat", "Chat benchmarks"), ("academic", "Academic benchmarks") })
        {
            LeaderboardRow[] rows = [.. Leaderboard.Published.Where(r => r.Table == table),
                .. own.Where(r => r.Table == table && r.Scores.Count > 0)];
            Table(text, title, table, rows);
            foreach (LeaderboardRow row in rows.Where(r => r.Group is OwnGroup or "Card's own"))
            {
                foreach (string group in new[] { Leaderboard.Small, Leaderboard.Large, Leaderboard.Proprietary })
                    foreach (LeaderboardClaim claim in LeaderboardClaim.Check(row, group, rows)) text.AppendLine($"- {claim}");
            }
            text.AppendLine();
        }
        return text.AppendLine(
            $"{Leaderboard.Source}. A dash is a figure that was not published: it counts neither for nor against a claim.")
            .ToString();
    }

    private static void Table(StringBuilder text, string title, string table, LeaderboardRow[] rows)
    {
        (string Name, string Heading, string Table, int Digits)[] columns = [.. Leaderboard.Benchmarks.Where(b => b.Table == table)];
        List<string[]> cells = [["Model", "Size", "Method", .. columns.Select(c => c.Heading)]];
        string? group = null;
        foreach (LeaderboardRow row in rows)
        {
            if (row.Group != group) cells.Add([$"**{group = row.Group}**", "", "", .. columns.Select(_ => "")]);
            cells.Add([row.Model, Dash(row.Size), Dash(row.Method), .. columns.Select(c => row.Scores.TryGetValue(c.Name, out double score)
                ? score.ToString($"F{c.Digits}", CultureInfo.InvariantCulture)
                : "-")]);
        }
        int[] widths = [.. Enumerable.Range(0, cells[0].Length).Select(i => cells.Max(row => row[i].Length))];
        text.AppendLine($"## {title}").AppendLine();
        for (int r = 0; r < cells.Count; r++)
        {
            text.AppendLine($"| {string.Join(" | ", cells[r].Select((c, i) => i < 3 ? c.PadRight(widths[i]) : c.PadLeft(widths[i])))} |");
            if (r == 0) text.AppendLine(
                $"|{string.Join("|", widths.Select((w, i) => i < 3 ? new string('-', w + 2) : new string('-', w + 1) + ":"))}|");
        }
        text.AppendLine();
    }

    private static string Dash(string cell) => cell.Length == 0 ? "-" : cell;
}
