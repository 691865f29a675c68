using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>The final table, win rate over KL, gold reward over RM reward, and the length ablation.</summary>
internal static class ResultSection
{
    public static Html Render(RunResults results) => results.Rows.Count == 0 ? Html.Empty : Html.Of($"""
        {ResultTable.Of(results).ToHtml()}
        <p class="note">{TableNote(results)}</p>
        <div class="charts">
        {ReportWriter.Figure(WinRateOverKl(results))}{ReportWriter.Figure(GoldOverReward(results))}
        {ReportWriter.Figure(RewardsOverKl(results))}</div>
        {Ablation(results)}
        """);

    private static string TableNote(RunResults results)
    {
        string n = results.TestPrompts > 0
            ? $"{Format.Count(results.TestPrompts)} test prompts that no stage was trained or selected on. "
            : "";
        string judge = results.HasGold
            ? "Win rates are against SFT, by the gold judge; ties count half. LC: length-controlled, as if both answers had the same "
            + "length. "
            : "There is no gold judge for this data: win rates are against SFT by the reward model that the policies were trained on, "
            + "and so flatter them. ";
        return $"{n}{judge}KL in nats per answer, length in tokens. Small figures: {results.IntervalMethod}. The released policy was "
            + $"chosen on other held-out prompts.";
    }

    private static Chart WinRateOverKl(RunResults results)
    {
        bool gold = results.HasGold;
        IReadOnlyList<KlPoint> points = results.KlCurve.Count > 0 ? results.KlCurve : FromRows(results.Rows);
        ChartSeries[] series =
        [
            .. points.GroupBy(p => p.Series).Select(group => new ChartSeries(group.Key, ReportStyle.ColorOf(group.Key),
            [
                .. group.Select(p => (Point: p, Rate: gold ? p.GoldWinRate : p.RmWinRate)).Where(p => p.Rate is not null)
                    .Select(p => new ChartPoint(p.Point.Kl, p.Rate!.Value.Value, p.Rate, Label: Short(p.Point.Label))),
            ]) { Markers = true }),
        ];
        return new Chart("Win rate against SFT, over KL", "KL to SFT, nats per answer",
            gold ? "gold win rate, %" : "win rate by the reward model, %", series)
        {
            YPercent = true,
            Reference = 0.5,
            ReferenceLabel = "equal to SFT",
            Caption = Html.Of($"What each policy gained for how far it went from SFT; only what lies at the same KL can be compared. "
            + $"{Frontiers.Sentence(results) ?? ""} Bars: {results.IntervalMethod}{Prompts(results)}."),
        };
    }

    private static Chart GoldOverReward(RunResults results)
    {
        ChartPoint Point(ResultRow row) =>
            new(row.RmReward!.Value.Value, row.GoldReward!.Value.Value, row.GoldReward, row.RmReward, Short(row.Name));
        ResultRow[] known = [.. results.Rows.Where(row => row is { GoldReward: not null, RmReward: not null })];
        ChartSeries online = new("online, from SFT", "c-online",
            [.. known.Where(r => !r.IsOffline).Select(Point)])
        { Markers = true };
        ChartSeries offline = new("offline", "c-offline",
            [.. known.Where(r => r.IsOffline).Select(Point)])
        { Markers = true, Line = false };
        return new Chart("Gold reward over RM reward", "mean RM reward", "mean gold reward", known.Length == 0 ? [] : [online, offline])
        {
            Caption = Html.Of($"The policies are trained to raise the RM reward; the gold reward is what is wanted. Where the line "
                + $"turns down while going right, the reward model is over-optimised. Bars: {results.IntervalMethod}{Prompts(results)}."),
        };
    }

    /// <summary>Gao et al. 2023 (arXiv 2210.10760), figure 1: what is optimised and what is wanted, by the distance from SFT.</summary>
    private static Chart RewardsOverKl(RunResults results)
    {
        ResultRow[] path = [.. results.Rows.Where(r => !r.IsOffline
            && r is { Kl: not null, GoldReward: not null, RmReward: not null })];
        ChartSeries Line(string name, string color, Func<ResultRow, Interval> value) => new(name, color,
            [.. path.Select(r => new ChartPoint(r.Kl!.Value.Value, value(r).Value, value(r)))])
        { Markers = true };
        return new Chart("Rewards over KL", "KL to SFT, nats per answer", "mean reward", path.Length < 2 ? [] :
            [Line("gold", "c-good", r => r.GoldReward!.Value), Line("reward model", "c-other", r => r.RmReward!.Value)])
        {
            Caption = Html.Of($"From SFT through the online iterations. The two have scales of their own: their directions tell. "
                + $"Gold that falls while the reward model rises is over-optimised. Bars: {results.IntervalMethod}{Prompts(results)}."),
        };
    }

    private static Html Ablation(RunResults results)
    {
        if (results.LengthAblation.Count == 0) return Html.Empty;
        string[] names = [.. results.LengthAblation.Select(a => a.Penalty == 0 ? "off" : a.Penalty.ToString("0.####"))];
        Chart chart = new("Length penalty on and off", "penalty, reward per token", "win rate against SFT, %",
        [
            new ChartSeries("raw", "c-online",
                [.. results.LengthAblation.Select((a, i) => new ChartPoint(i - 0.06, a.WinRate.Value, a.WinRate))]) { Markers = true,
                Line = false },
            new ChartSeries("length-controlled", "c-other",
                [.. results.LengthAblation.Select((a, i) => (a.LcWinRate, i)).Where(p => p.LcWinRate is not null)
                    .Select(p => new ChartPoint(p.i + 0.06, p.LcWinRate!.Value.Value, p.LcWinRate))]) { Markers = true, Line = false },
        ])
        {
            XNames = names,
            YPercent = true,
            Reference = 0.5,
            ReferenceLabel = "equal to SFT",
            Caption = Html.Of($"The same online stage, one run for each penalty. Bars: {results.IntervalMethod}{Prompts(results)}."),
        };
        IEnumerable<Html> rows = results.LengthAblation.Select((a, i) => Html.Of($"""
            <tr><th scope="row">{names[i]}</th>{Cell(a.Length, v => Format.Number(v, 1))}
            {Cell(a.WinRate, Format.Percent)}{Cell(a.LcWinRate, Format.Percent)}</tr>
            """));
        string judge = results.LengthAblation[0].JudgedBy == "gold" ? "gold" : "RM";
        return Html.Of($"""
            <h3>Length ablation</h3>
            <div class="charts"><div><div class="scroll"><table class="figures">
            <thead><tr><th scope="col">penalty</th><th scope="col">length</th>
            <th scope="col">{judge} win rate %</th><th scope="col">LC {judge} win rate %</th></tr></thead>
            <tbody>{Html.Join(rows)}</tbody></table></div></div>
            {ReportWriter.Figure(chart)}</div>
            """);
    }

    private static Html Cell(Interval? interval, Func<double, string> format) => interval is { } i
        ? Html.Of($"<td>{Format.Typographic(format(i.Value))}<small>"
            + $"{Format.Typographic(format(i.Low))} to {Format.Typographic(format(i.High))}</small></td>")
        : new Html("<td class=\"none\">–</td>");

    /// <summary>Without a measured curve the rows of the table are its points; every series starts at SFT.</summary>
    private static IReadOnlyList<KlPoint> FromRows(IReadOnlyList<ResultRow> rows) =>
    [
        .. rows.Where(row => row.Name != "sft" && row.Kl is not null).Select(row =>
            new KlPoint(row.IsOffline ? "offline" : "online", row.Name, row.Kl!.Value.Value,
                row.GoldWinRate, row.RmWinRate)),
    ];

    /// <summary><c>online-dpo-2</c> and <c>iteration 2</c> are <c>2</c> beside a point whose colour says the rest.</summary>
    private static string Short(string name) =>
        name.StartsWith("online-dpo-", StringComparison.Ordinal) ? name["online-dpo-".Length..]
        : name.StartsWith("iteration ", StringComparison.Ordinal) ? name["iteration ".Length..]
        : SweptPolicy.LabelOf(name) ?? (name == "sft" ? "SFT" : name == "offline-dpo" ? "offline" : name);

    private static string Prompts(RunResults results) => results.TestPrompts > 0 ? $", {Format.Count(results.TestPrompts)} prompts" : "";
}
