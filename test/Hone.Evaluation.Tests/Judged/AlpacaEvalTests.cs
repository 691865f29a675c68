using System.Globalization;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

/// <summary>Against the published leaderboard and stored annotations of alpaca_eval.</summary>
public sealed class AlpacaEvalTests
{
    private const string Folder = "eval/expected/alpaca_eval";

    public static TheoryData<string> Models =>
    [
        "FuseChat-Llama-3.1-8B-Instruct", "OpenHermes-2.5-Mistral-7B", "Qwen-14B-Chat", "alpaca-7b", "claude-2",
        "gemma-7b-it", "gpt-3.5-turbo-1106",
        "gpt4_0613_concise", "phi-2", "vicuna-13b-v1.5",
    ];

    [Theory]
    [MemberData(nameof(Models))]
    public void Published_figures_are_reproduced(string model)
    {
        Dictionary<string, string> published = Published(model);
        double Figure(string name) => double.Parse(published[name], CultureInfo.InvariantCulture);
        IReadOnlyList<AlpacaAnnotation> rows = Annotations(model);
        Assert.Equal((int)Figure("rows_in_file"), rows.Count);
        LengthControl control = LengthControl.Load(SharedData.Require("eval/alpaca_eval"));
        double c = model is "vicuna-13b-v1.5" or "alpaca-7b" or "Qwen-14B-Chat" ? Math.Pow(10, -4 + (8.0 * 6 / 9))
            : Math.Pow(10, -4 + (8.0 * 5 / 9));
        AlpacaEvalScore score = AlpacaEvalScore.Of(rows, control, c);
        Assert.Equal(Figure("win_rate"), score.WinRate, 1e-6);
        Assert.Equal(Figure("standard_error"), score.StandardError!.Value, 1e-6);
        Assert.Equal(Figure("discrete_win_rate"), score.DiscreteWinRate, 1e-6);
        Assert.Equal(((int)Figure("n_wins"), (int)Figure("n_wins_base"), (int)Figure("n_draws"), (int)Figure("n_total")),
            (score.Wins, score.BaselineWins, score.Draws, score.Total));
        // phi-2's file misses two rows, and its published length is over all 805 answers.
        if (rows.Count == 805) Assert.Equal((int)Figure("avg_length"), score.AverageLength);
        Assert.InRange(score.LengthControlledWinRate!.Value - Figure("length_controlled_winrate"), -0.02, 0.02);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Its_own_cross_validation_comes_close(string model)
    {
        LengthControlResult result = LengthControl.Load(SharedData.Require("eval/alpaca_eval")).Fit(Annotations(model))!;
        Assert.InRange(result.WinRate - double.Parse(Published(model)["length_controlled_winrate"], CultureInfo.InvariantCulture),
            -0.15, 0.15);
    }

    [Fact]
    public void Preferences_follow_from_the_first_tokens_and_the_swap_rule()
    {
        int compared = 0, swapped = 0;
        foreach (string model in (string[])["gpt-3.5-turbo-1106", "gemma-7b-it"])
        {
            foreach (JsonObject row in QuestionFile.Read(SharedData.Require($"{Folder}/{model}.annotations.jsonl.gz")))
            {
                if (row["top_logprobs"] is not JsonArray tokens || tokens.Count == 0) continue;
                bool switched = AlpacaAnnotation.IsSwitched((string)row["instruction"]!);
                double? preference = AlpacaAnnotation.FromFirstToken(tokens.Select(t => new TokenLogProb((string)t![0]!, (double)t[1]!)),
                    switched).Upstream;
                Assert.Equal((double)row["preference"]!, preference!.Value, 1e-9);
                compared++;
                if (switched) swapped++;
            }
        }
        Assert.Equal(1606, compared);
        Assert.InRange(swapped, compared / 3, compared * 2 / 3);
    }

    [Fact]
    public void A_verdict_that_cannot_be_used_is_excluded_and_counted()
    {
        AlpacaAnnotation[] rows = [new("m", 2, 10, 20), new("m", null, 10, 20), new("m", 1, 10, 21), new("m", 1.5, 10, 22)];
        AlpacaEvalScore score = AlpacaEvalScore.Of(rows);
        Assert.Equal((3, 1, 1, 1, 1, 50.0), (score.Total, score.Excluded, score.Wins, score.BaselineWins, score.Draws, score.WinRate));
        Assert.Null(AlpacaAnnotation.FromFirstToken([new TokenLogProb("The", -0.1)], false).Upstream);
        Assert.Equal(20, score.AverageLength);
    }

    [Fact]
    public void Lengths_are_code_points_and_rows_without_preference_column_are_refused()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("a.json"),
            """[{"output_1": "\ud83d\ude00a", "output_2": "\u00e9\ud83d\ude00\ud83d\ude00", "generator_2": "m", "preference": null}]""");
        AlpacaAnnotation row = Assert.Single(AlpacaAnnotation.Read(folder.File("a.json")));
        Assert.Equal((2, 3, (double?)null), (row.BaselineLength, row.ModelLength, row.Preference));
        File.WriteAllText(folder.File("b.json"), """[{"output_1": "a"}]""");
        Assert.Contains("no `preference`", Assert.Throws<InputException>(() => AlpacaAnnotation.Read(folder.File("b.json"))).Message,
            StringComparison.Ordinal);
    }

    private static IReadOnlyList<AlpacaAnnotation> Annotations(string model) =>
        AlpacaAnnotation.Read(SharedData.Require($"{Folder}/{model}.annotations.jsonl.gz"));

    private static Dictionary<string, string> Published(string model)
    {
        string[][] rows = TestFiles.Csv(SharedData.Require($"{Folder}/expected_leaderboard.csv"));
        return rows[0].Zip(rows.Single(r => r[0] == model)).ToDictionary(c => c.First, c => c.Second);
    }
}
