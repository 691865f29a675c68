using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>The reward model judged before it is trusted, with its verdict first.</summary>
internal static class RewardModelSection
{
    public static Html Render(RunResults results)
    {
        if (results.RewardModel is not { } reward) return Html.Empty;
        List<Html> rows = [Row("accuracy on unseen pairs", reward.Accuracy, Format.Percent, "%",
            reward.Pairs > 0 ? $"{Format.Count(reward.Pairs)} pairs; 50% is chance, labels are noisy" : "50% is chance")];
        if (reward.LongerWins is { } longer)
            rows.Add(Row("the longer answer wins", longer, Format.Percent, "%",
                "how often the answer with more tokens is the better one of these pairs"));
        if (reward.WithinPromptCorrelation is { } correlation)
            rows.Add(Row("correlation with gold within a prompt", correlation,
                v => Format.Number(v, 2), "", "answers to the same prompt, centred; 0 is chance"));
        if (reward.BestOf8WinRate is { } best)
            rows.Add(Row("gold win rate of its best of 8", best, Format.Percent, "%",
                $"against one SFT answer; {Format.Percent(BestOfN.WinRateBound(8))}% is the most that 8 answers allow"));

        Html figure = Html.Empty;
        if (reward.Counterfactual.Count > 0)
        {
            DotPlotRow[] features = [.. reward.Counterfactual
                .Select(f => new DotPlotRow(Shorten(f.Feature), f.Accuracy,
                    $"{Format.Percent(f.Accuracy.Value)}%, n={Format.Count(f.Pairs)}"))];
            figure = Html.Of($"""
                <figure><h4>Accuracy where one feature alone differs, %</h4>
                {DotPlotSvg.Draw("Counterfactual accuracy per feature", features)}
                <figcaption>Pairs of answers that are the same but for one feature; the better one by the gold judge should get the
                higher reward. Green: above chance, red: below, grey: not told from chance. Bars: 95% intervals.</figcaption></figure>
                """);
        }
        string kind = reward.StrongEnough ? "strong" : "weak", says = reward.InShort + ".";
        return Html.Of($"""
            <div class="finding {kind}"><p><strong>{says}</strong> {reward.Verdict}</p></div>
            <div class="charts"><div><div class="scroll"><table class="figures"><tbody>
            {Html.Join(rows)}</tbody></table></div></div>
            {figure}</div>
            """);
    }

    private static Html Row(string name, Interval value, Func<double, string> format, string unit, string note) => Html.Of($"""
        <tr><td class="what">{name}<small class="wrap">{note}</small></td>
        <td>{Format.Typographic(format(value.Value))}{unit}
        <small>{Format.Typographic(format(value.Low))} to {Format.Typographic(format(value.High))}</small></td></tr>

        """);

    private static string Shorten(string name) => name.Length <= 24 ? name : name[..23] + "…";
}
