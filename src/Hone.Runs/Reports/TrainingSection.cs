namespace Hone.Runs;

/// <summary>Curves of every training stage: its loss, and for preference stages accuracy, margin, KL and log-probabilities.</summary>
internal static class TrainingSection
{
    public static Html Render(MetricCurves metrics)
    {
        StageMetrics[] trained = [.. metrics.Stages.Where(s => s["loss"].Count > 0)];
        if (trained.Length == 0) return Html.Empty;
        StageMetrics[] online = [.. trained.Where(s => s.Stage.StartsWith("online", StringComparison.Ordinal))];
        StageMetrics[] others = [.. trained.Except(online)];
        StageMetrics[] dpo = [.. trained.Where(s => s.Stage != "reward")];

        List<Chart> losses = [.. others.Select(s => Loss(Title(s.Stage), [s]))];
        if (online.Length > 0) losses.Add(Loss("Online DPO", online));
        Chart[] steering =
        [
            Compare("Pairs ranked as labelled", "% of pairs", trained, "rewards/accuracies", "Share of pairs whose chosen answer "
                + "has the higher reward: the reward model's own, or the policy's implicit one.") with { YPercent = true, Reference = 0.5,
                ReferenceLabel = "chance" },
            Compare("Margin of implicit rewards", "chosen − rejected", dpo, "rewards/margins",
                "Implicit reward: β times the log-ratio to the reference."),
            Compare("KL to the reference", "nats per answer", trained, "kl", "As measured during training."),
            Compare("Implicit reward of the chosen answers", "reward", dpo, "rewards/chosen",
                "Below zero: the chosen answers became less likely than under the reference, which DPO allows as long as the rejected "
                + "ones fall further."),
            Compare("Log-probability of the chosen answers", "nats per answer", dpo, "logps/chosen", "Sum over the answer's tokens."),
            Compare("Learning rate", "", trained, "lr", "As applied at each step.", smooth: false),
        ];
        string lost = metrics.NotFinite == 0 ? "" : $" {Format.Count(metrics.NotFinite)} values in {MetricCurves.FileName} were not "
            + $"finite (NaN or infinite) and are in no curve.";
        return Html.Of($"""
            <p class="note">Thin lines: each logged step; thick lines: moving average where a curve has 30 points or more.{lost}</p>
            <div class="charts small">{Html.Join(losses.Concat(steering).Select(ReportWriter.Figure))}</div>
            """);
    }

    private static Chart Loss(string stage, StageMetrics[] stages)
    {
        List<ChartSeries> series =
            [.. stages.SelectMany(s => Lines(s["loss"], stages.Length > 1 ? Name(s.Stage) : "training", ReportStyle.ColorOf(s.Stage)))];
        foreach (StageMetrics s in stages)
        {
            if (s["eval/loss"].Count > 0)
                series.Add(new ChartSeries(stages.Length > 1 ? "" : "held-out", "c-other",
                    Curve.Thin(s["eval/loss"]))
                { Markers = s["eval/loss"].Count < 30 });
        }
        string held = series.Any(s => s.Color == "c-other") ? " Purple: held-out rows." : "";
        Chart chart = new($"Loss: {stage}", "step", "loss, nats", series) { Compact = true, EndLabels = EndTogether(series) };
        if (!stages.Any(s => s["rewards/margins"].Count > 0))
            return chart with { Caption = Html.Of($"Mean over the tokens trained on.{held}") };
        bool reward = stages[0].Stage == "reward";
        string moving = "With the reference fixed, later iterations start from the last policy and so away from ln 2.";
        return chart with
        {
            Reference = Math.Log(2),
            ReferenceLabel = reward ? "ln 2: no preference" : "ln 2: policy = reference",
            Caption = Html.Of($"{(stages.Length > 1 ? moving : "Mean over the pairs of a step.")}{held}"),
        };
    }

    private static Chart Compare(string title, string unit, IReadOnlyList<StageMetrics> stages, string metric, string caption,
        bool smooth = true)
    {
        ChartSeries[] series = [.. stages.SelectMany(s => Lines(Progress(s[metric]), Name(s.Stage), ReportStyle.ColorOf(s.Stage), smooth))];
        return new Chart(title, "% of the stage's logged steps", unit, series)
        {
            Compact = true, EndLabels = EndTogether(series),
            Caption = Html.Of($"{caption}")
        };
    }

    /// <summary>Stages differ in length by orders of magnitude: side by side, each runs from 0 to 100% of its own steps.</summary>
    private static IReadOnlyList<MetricPoint> Progress(IReadOnlyList<MetricPoint> points)
    {
        double last = points.Count > 0 ? Math.Max(1, points[^1].Step) : 1;
        return [.. points.Select(p => p with { Step = 100 * p.Step / last })];
    }

    /// <summary>Whether all lines reach the right edge, so that their names can stand there.</summary>
    private static bool EndTogether(IReadOnlyList<ChartSeries> series)
    {
        double[] ends = [.. series.Where(s => !s.Faint && s.Name.Length > 0 && s.Points.Count > 0).Select(s => s.Points[^1].X)];
        return ends.Length > 1 && ends.Min() >= 0.98 * ends.Max();
    }

    private static IEnumerable<ChartSeries> Lines(IReadOnlyList<MetricPoint> points, string name, string color, bool smooth = true)
    {
        if (points.Count == 0) yield break;
        int window = smooth ? Curve.Window(points.Count) : 1;
        if (window > 1) yield return new ChartSeries("", color, Curve.Thin(points)) { Faint = true };
        yield return new ChartSeries(name, color, Curve.Thin(Curve.MovingAverage(points, window)));
    }

    /// <summary>What stands at the end of a line: short, since the colour is explained beside it.</summary>
    private static string Name(string stage) => stage switch
    {
        "sft" => "SFT",
        "reward" => "reward",
        "offline-dpo" => "offline",
        _ when SweptPolicy.LabelOf(stage) is { } label => label,
        _ => stage.Length <= 14 ? stage : stage[..13] + "…",
    };

    internal static string Title(string stage) => stage switch
    {
        "sft" => "SFT",
        "reward" => "reward model",
        "offline-dpo" => "offline DPO",
        _ when SweptPolicy.LabelOf(stage) is { } label => "offline DPO, " + label,
        _ => stage,
    };
}
