using System.Text.RegularExpressions;
using Hone.Evaluation;

namespace Hone.Runs.Tests;

public partial class ReportTests
{
    [Fact]
    public void The_report_is_one_file_without_scripts_or_references_to_the_outside()
    {
        string html = Write(FakeRun.Results());
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        string markup = TextBetweenTags().Replace(html, "><");
        Assert.DoesNotContain("<script", markup, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotMatch(Outside(), markup);
        Assert.All(Reference().Matches(markup), m => Assert.Matches("^(#[a-z-]+|data:,)$", m.Groups[1].Value));
    }

    [Fact]
    public void Hostile_answers_stay_text()
    {
        string html = Write(FakeRun.Results());
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u202E", html, StringComparison.Ordinal);
        Assert.DoesNotContain("\u0007", html, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_text_in_any_other_field_stays_text()
    {
        RunResults r = FakeRun.Results();
        string html = Write(r with
        {
            Name = FakeRun.Attack,
            Machine = FakeRun.Attack,
            IntervalMethod = FakeRun.Attack,
            Rows = [r.Rows[1] with { Name = FakeRun.Attack, Selected = true }],
            HeadToHead = r.HeadToHead! with { Name = FakeRun.Attack, Against = FakeRun.Attack },
            RewardModel = r.RewardModel! with
            {
                Verdict = FakeRun.Attack,
                StrongEnough = false,
                Counterfactual = [new FeatureAccuracy(FakeRun.Attack, new Interval(0.5, 0.4, 0.6), 9)]
            },
            KlCurve = [new KlPoint(FakeRun.Attack, FakeRun.Attack, 1, new Interval(0.5, 0.4, 0.6))],
            Samples = [new SampleAnswers(FakeRun.Attack, [new SampleAnswer(FakeRun.Attack, FakeRun.Attack, null)])],
            Settings = [new ResolvedSetting(FakeRun.Attack, FakeRun.Attack, FakeRun.Attack)],
        });
        Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_section_and_figure_is_there()
    {
        string html = Write(FakeRun.Results());
        foreach (string title in new[]
        {
            "Results", "Win rate against SFT, over KL", "Gold reward over RM reward", "Length ablation",
                "Is the reward model to be trusted?", "Accuracy where one feature alone differs, %",
            "Reward of the sampled answers", "Margin of the pairs", "Loss: SFT", "Loss: reward model", "Loss: offline DPO",
            "Loss: Online DPO", "Pairs ranked as labelled",
            "Margin of implicit rewards", "KL to the reference", "Length of the sampled answers", "Answers side by side", "Settings",
        })
            Assert.Contains($">{title}</h", html, StringComparison.Ordinal);
        Assert.Equal(5 + 3, Regex.Count(html, "<article "));
        Assert.Contains("cut off at the token limit", html, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Command_data_times_and_histograms_are_shown()
    {
        string html = Write(FakeRun.Results() with
        {
            Command = "hone run my.yaml --set name='<b>'",
            Data = ["pairs.jsonl: 60 rows, 2 dropped (too_long 2)"],
            Stages = [new StageResult("sft", 12, 75, new Dictionary<string, double> { ["loss"] = 1.25 })],
            Distributions =
            [
                new AnswerDistribution("sft", new Histogram(-1, 0.5, [1, 3]), new Histogram(0, 10, [4])),
            ],
        });
        foreach (string said in new[]
        {
            "hone run my.yaml --set name=&#39;&lt;b&gt;&#39;", "2 dropped (too_long 2)", "1 min 15 s", "loss 1.2500",
            "Rewards of the answers", "Lengths of the answers", "swipe the table for more columns",
        })
            Assert.Contains(said, html, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_run_gives_the_same_page() => Assert.Equal(Write(FakeRun.Results()), Write(FakeRun.Results()));

    [Fact]
    public void Without_a_gold_judge_the_reward_model_is_named_as_the_judge()
    {
        string html = Write(FakeRun.WithoutGold());
        Assert.DoesNotContain("gold win rate", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Gold reward over", html, StringComparison.Ordinal);
        Assert.Contains("RM win rate %", html, StringComparison.Ordinal);
        Assert.Contains("so flatter them", html, StringComparison.Ordinal);
        Assert.Contains("too weak to optimise against", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_with_the_least_of_results_still_has_a_report()
    {
        using TempFolder folder = new();
        RunResultsJson.Write(new RunResults { Name = "bare", Seed = 1, Rows = [new ResultRow { Name = "sft" }] },
            folder.File(RunResults.FileName));
        string html = File.ReadAllText(ReportWriter.Write(folder.Path));
        Assert.Contains("No policy was selected", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<svg", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_steps_make_a_page_of_bearable_size()
    {
        using TempFolder folder = new();
        FakeRun.Write(folder.Path, onlineSteps: 5000);
        Assert.InRange(new FileInfo(ReportWriter.Write(folder.Path)).Length, 50_000, 700_000);
    }

    [Fact]
    public void Every_colour_class_has_a_colour()
    {
        string html = Write(FakeRun.Results());
        foreach (Match match in ColorClass().Matches(html)) Assert.Contains($".{match.Value}", ReportStyle.Css, StringComparison.Ordinal);
        Assert.Equal("c-it4", ReportStyle.ColorOf("online-dpo-9"));
        Assert.Equal("c-offline", ReportStyle.ColorOf("offline-dpo"));
    }

    private static string Write(RunResults results)
    {
        using TempFolder folder = new();
        FakeRun.Write(folder.Path, results);
        return File.ReadAllText(ReportWriter.Write(folder.Path));
    }

    [GeneratedRegex(">[^<]*<")]
    private static partial Regex TextBetweenTags();

    [GeneratedRegex("""https?:|//|@import|url\(|<(iframe|object|embed|base|form)""", RegexOptions.IgnoreCase)]
    private static partial Regex Outside();

    [GeneratedRegex("""(?:href|src)="([^"]*)"|srcset=""")]
    private static partial Regex Reference();

    [GeneratedRegex(@"\bc-[a-z0-9]+\b")]
    private static partial Regex ColorClass();
}
