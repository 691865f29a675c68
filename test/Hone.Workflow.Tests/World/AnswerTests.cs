using System.Text.RegularExpressions;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class AnswerTests
{
    private static readonly (string Prompt, string Answer)[] s_dialogues =
        [.. SmallWorld.Create(5).Conversations(WorldSplit.Sft, 8000).Select(c => (c.Messages[0].Content, c.Messages[1].Content))];

    [Fact]
    public void Defects_come_at_their_rates()
    {
        GoldScore[] scores = [.. s_dialogues.Select(d => GoldJudge.Score(d.Prompt, d.Answer, finished: true))];
        // Whole answers only: a cut removes what would have followed.
        GoldScore[] whole = [.. scores.Where(s => s.Ended)];
        Near(.25, Share(scores, s => !s.Ended));
        Near(.30, Share(whole, s => s.Relevance < .99));
        Near(.15, Share(whole, s => s.Opening == Tone.Rude));
        Near(.30, Share(whole, s => s.Opening == Tone.Neutral));
        Near(.35, Share(whole, s => s.Closing == Tone.Neutral));
        Near(.12, Share(whole, s => s.Closing == Tone.Rude));
        Near(.25, Share(whole, s => s.RepeatedShare > .05));
    }

    [Fact]
    public void Lengths_fit_the_world()
    {
        int[] lengths = [.. s_dialogues.Select(d => WorldText.Length(d.Answer))];
        Assert.InRange(lengths.Average(), 27, 31);
        Assert.InRange(lengths.Max(), 58, AnswerGrammar.LongestAnswer);
        Assert.True(WorldTokenizer.MaxNewTokens >= 1.4 * AnswerGrammar.LongestAnswer);
        Assert.InRange(s_dialogues.Max(d => WorldText.Length(d.Prompt)), 15, 24);
    }

    [Fact]
    public void There_is_room_above_the_answers_of_the_grammar()
    {
        double[] totals = [.. s_dialogues.Select(d => GoldJudge.Score(d.Prompt, d.Answer, finished: true).Total)];
        double mean = totals.Average(), deviation = Math.Sqrt(totals.Average(t => (t - mean) * (t - mean)));
        Assert.InRange(mean, 2.0, 2.6);
        Assert.InRange(deviation, 1.8, 2.4);
        var random = SmallWorld.Create(5).Random("room");
        Assert.All(s_dialogues.Take(200), d =>
            Assert.InRange(GoldJudge.Score(d.Prompt, SmallWorld.FlawlessAnswer(d.Prompt, 4, random), finished: true).Total, 5.5, 6.5));
    }

    [Fact]
    public void Texts_are_written_as_a_person_writes_them()
    {
        Regex plain = new(@"^[A-Z][a-z]*( [A-Za-z]+|[.,:?]$|[.,:?](?= ))*$");
        foreach ((string prompt, string answer) in s_dialogues)
        {
            Assert.Matches(plain, prompt);
            Assert.Matches(plain, answer);
            Assert.All(Regex.Split(answer, @"\. "), sentence => Assert.True(char.IsUpper(sentence[0]), answer));
        }
    }

    [Fact]
    public void The_seed_decides_the_answers()
    {
        Assert.Equal(
            SmallWorld.Create(5).Conversations(WorldSplit.Sft, 20).Select(c => c.Messages[1].Content),
            s_dialogues.Take(20).Select(d => d.Answer));
        Assert.Equal(8, SmallWorld.Answers(s_dialogues[0].Prompt, 8, SmallWorld.Create(5).Random("eight")).Distinct().Count());
    }

    private static double Share(GoldScore[] scores, Func<GoldScore, bool> condition) => scores.Count(condition) / (double)scores.Length;

    // Four standard errors of a share of 6,000 and more, and what redrawing too long answers shifts.
    private static void Near(double expected, double actual) => Assert.InRange(actual, expected - .035, expected + .035);
}
