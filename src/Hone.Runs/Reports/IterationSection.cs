namespace Hone.Runs;

/// <summary>Health of the online loop: what was sampled, what became of it, and where the policy went.</summary>
internal static class IterationSection
{
    public static Html Render(RunResults results)
    {
        IReadOnlyList<IterationHealth> all = results.Iterations;
        if (all.Count == 0) return Html.Empty;
        int answers = all.Max(i => i.AnswersPerPrompt);
        string n = answers > 0 ? $"{answers}" : "n";

        ChartSeries Line(string name, string color, Func<IterationHealth, double?> value) =>
            new(name, color, [.. all.Where(i => value(i) is not null)
                .Select(i => new ChartPoint(i.Iteration, value(i)!.Value))])
            { Markers = true };
        Chart Chart(string title, string unit, string caption, bool percent, params ChartSeries[] series) =>
            new(title, "iteration", unit, series)
            {
                Compact = true, YPercent = percent, EndLabels = series.Length > 1,
                Caption = Html.Of($"{caption}")
            };

        Chart[] charts =
        [
            Chart("Reward of the sampled answers", "RM reward",
                $"Mean over prompts of the best, the average and the worst of {n} answers, sampled before the iteration's training.", false,
                Line($"best of {n}", "c-good", i => i.BestOfNReward), Line("mean", "c-online", i => i.MeanReward),
                Line("worst", "c-bad", i => i.WorstReward)),
            Chart("KL to the reference", "nats per answer", "After the iteration's training.", false, Line("KL", "c-online", i => i.Kl)),
            Chart("Length of the sampled answers", "tokens", "Mean over all sampled answers.", false,
                Line("length", "c-online", i => i.MeanLength)),
            Chart("Margin of the pairs", "RM reward",
                "Mean reward difference of best and worst in the pairs trained on. It shrinks as answers grow alike.", false,
                Line("margin", "c-online", i => i.Margin)),
            Chart("Ended and repeated answers", "% of sampled answers",
                "Ended: within the token limit, by the model itself. Duplicate: equal to another answer to the same prompt.", true,
                Line("ended", "c-good", i => i.EosRate), Line("duplicate", "c-bad", i => i.DuplicateRate)),
            Chart("Reward on the selection prompts", "RM reward",
                "Mean of the trained policy on the held-out prompts that choose the released one.", false,
                Line("reward", "c-online", i => i.SelectionReward)),
            .. all.Any(i => i.Sampler is not null)
                ? [Chart("Distance of the sampling engine", "nats per token",
                    "Mean KL of the engine that samples from the policy that is trained, over answers to the first prompts.", false,
                    Line("KL per token", "c-other", i => i.Sampler?.MeanKl))]
                : Array.Empty<Chart>(),
        ];
        return Html.Of($"<div class=\"charts small\">{Html.Join(charts.Select(ReportWriter.Figure))}</div>{Table(all)}");
    }

    private static Html Table(IReadOnlyList<IterationHealth> all)
    {
        (string Name, Func<IterationHealth, string> Text)[] columns =
        [
            ("prompts", i => $"{Format.Count(i.Prompts)} × {i.AnswersPerPrompt}"), ("mean reward", i => Format.Number(i.MeanReward, 2)),
            ("best of n", i => Format.Number(i.BestOfNReward, 2)), ("worst", i => Format.Number(i.WorstReward, 2)),
            ("length", i => Format.Number(i.MeanLength, 1)), ("ended %", i => Format.Percent(i.EosRate)),
            ("duplicate %", i => Format.Percent(i.DuplicateRate)), ("pairs", i => Format.Count(i.Pairs)),
            ("ties dropped", i => Format.Count(i.TiesDropped)), ("unfinished left out", i => Format.Count(i.UnfinishedExcluded)),
            ("margin", i => Format.Number(i.Margin, 2)), ("KL", i => i.Kl is { } kl ? Format.Number(kl, 2) : "–"),
            ("sampler KL per token", i => i.Sampler is { } s ? Format.Number(s.MeanKl, 5) : "–"),
            ("sampler same top %", i => i.Sampler is { } s ? Format.Percent(s.TopAgreement) : "–"),
            ("sampler log-prob error", i => i.Sampler is { } s ? Format.Number(s.LogProbError, 4) : "–"),
        ];
        IEnumerable<Html> head = columns.Select(c => Html.Of($"<th scope=\"col\">{c.Name}</th>"));
        Html Cells(IterationHealth i) => Html.Join(columns.Select(c => Html.Of($"<td>{Format.Typographic(c.Text(i))}</td>")));
        IEnumerable<Html> rows = all.Select(i => Html.Of($"<tr><th scope=\"row\">{i.Iteration}</th>{Cells(i)}</tr>\n"));
        return Html.Of($"<div class=\"wide\"><p class=\"more\">{Html.MoreColumns}</p>"
            + $"<div class=\"scroll\" tabindex=\"0\"><table class=\"figures\"><thead><tr><th scope=\"col\">iteration</th>"
            + $"{Html.Join(head)}</tr></thead><tbody>{Html.Join(rows)}</tbody></table></div></div>");
    }
}
