using System.Text.Json;

namespace Hone.Evaluation.Tests;

/// <summary>A figure that is undefined is null, and never a NaN, which JSON cannot say: one such reply ended the command.</summary>
public sealed class UndefinedFigureTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void One_usable_row_of_AlpacaEval_has_no_standard_error()
    {
        AlpacaAnnotation[] rows = [new("m", 1.8, 10, 12), new("m", null, 10, 12)];
        AlpacaEvalScore score = AlpacaEvalScore.Of(rows);
        Assert.Equal((80, null, 1, 1), (Math.Round(score.WinRate, 9), score.StandardError, score.Total, score.Excluded));
        Assert.Contains("\"standard_error\":null", JsonSerializer.Serialize(score), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("-3")]
    [InlineData("7")]
    [InlineData("0.5")]
    [InlineData("\"1.5\"")]
    public void A_preference_outside_of_its_range_is_excluded(string preference)
    {
        string file = Write($$"""
            {"preference": {{preference}}, "len_output_1": 1, "len_output_2": 2}
            {"preference": 2, "len_output_1": 1, "len_output_2": 2}
            """);
        AlpacaEvalScore score = AlpacaEvalScore.Of(AlpacaAnnotation.Read(file));
        Assert.Equal((100, 1, 1), (score.WinRate, score.Total, score.Excluded));
    }

    [Fact]
    public void Length_control_of_lengths_that_do_not_vary_is_left_out()
    {
        LengthControl control = LengthControl.Load(SharedData.Require("eval/alpaca_eval"));
        AlpacaAnnotation[] rows = [.. Enumerable.Range(0, 20).Select(i => new AlpacaAnnotation("m", i % 2 == 0 ? 1 : 2, 10, 12))];
        Assert.Null(AlpacaEvalScore.Of(rows, control, 1).LengthControlledWinRate);
        Assert.Null(AlpacaEvalScore.Of(rows[..1], control, 1).LengthControlledWinRate);
        JsonSerializer.Serialize(AlpacaEvalScore.Of(rows[..1], control, 1));
    }

    [Fact]
    public void A_turn_without_a_judgment_has_no_mean_and_a_score_outside_of_the_range_is_excluded()
    {
        MtBenchScore score = Assert.Single(MtBenchScore.OfFile(Write("""
            {"question_id": 81, "model": "m", "judgment": "Rating: [[7]]", "score": 7, "turn": 1}
            {"question_id": 82, "model": "m", "judgment": "Rating: [[11]]", "score": 11, "turn": 1}
            {"question_id": 83, "model": "m", "judgment": "x", "score": 1e999, "turn": 1}
            """)));
        Assert.Equal((7, null, 7, 1, 2), (score.Turn1, score.Turn2, score.Average, score.Valid, score.Excluded));
        Assert.Contains("\"turn_2\":null", JsonSerializer.Serialize(score), StringComparison.Ordinal);
    }

    [Fact]
    public void Pairs_without_a_usable_verdict_have_no_win_rate()
    {
        IReadOnlyList<MtBenchPairScore> scores = MtBenchPairScore.OfFile(Write("""
            {"model_1": "a", "model_2": "b", "g1_winner": "error", "g2_winner": "model_1"}
            {"model_1": "a", "model_2": "b", "g1_winner": "model_3", "g2_winner": "model_3"}
            """));
        Assert.All(scores, s => Assert.Equal((null, null, null, 2), (s.WinRate, s.LossRate, s.WinRateAdjusted, s.Excluded)));
        Assert.Contains("\"win_rate\":null", JsonSerializer.Serialize(scores[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void Games_without_a_usable_verdict_are_named_and_a_pool_without_finite_strengths_still_has_an_interval()
    {
        InputException e = Assert.Throws<InputException>(() => ArenaHardScore.OfFile(Write(
            """{"question_id": "q", "model": "m", "games": [{"score": null}, {"score": "x"}]}""")));
        Assert.Contains("none of the 2 games has a usable verdict", e.Message, StringComparison.Ordinal);
        // In some rounds of the bootstrap a model wins everything.
        ArenaBattle[] battles = [new("1", "base", "m", 1), new("2", "base", "m", 0), new("3", "m", "n", 1), new("4", "m", "n", 0)];
        Assert.All(ArenaHardScore.Of(battles, "base"), s => JsonSerializer.Serialize(s));
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string rows)
    {
        string file = _folder.File("rows.jsonl");
        File.WriteAllText(file, rows);
        return file;
    }
}
