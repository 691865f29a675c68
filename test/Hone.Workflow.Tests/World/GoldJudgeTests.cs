using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class GoldJudgeTests
{
    private const string Prompt = "Tell me something clear about boats before I meet my son today.";

    [Fact]
    public void A_good_answer_scores_what_the_sum_by_hand_says()
    {
        // 5 + 8 + 9 + 5 = 27 tokens; four own things; two sentences on topic; both courtesies.
        const string Answer = "Thank you for asking. Start with the rope and the mast. Check the oar and the hull every week. I hope "
            + "this helps.";
        GoldScore score = GoldJudge.Score(Prompt, Answer, finished: true);
        Assert.Equal(new GoldScore(1, 2, Tone.Polite, Tone.Polite, true, 0, 27), score);
        Assert.Equal(1.5 + .8 + .7 + .7 + .8 + .27, score.Total, 12);
    }

    [Fact]
    public void Relevance_weighs_own_things_against_those_of_other_topics()
    {
        Assert.Equal(.5, Score("Use the rope, the mast, the oar and the piano.").Relevance);
        Assert.Equal(-1, Score("Use the piano and the harp.").Relevance);
        Assert.Equal(0, Score("Use this and that.").Relevance);
        Assert.Equal(0, Score("Use the piano and the rope.").OnTopicSentences);
        Assert.Equal(-1, GoldJudge.Score("What is two and two?", "Use the rope.", finished: true).Relevance);
    }

    [Fact]
    public void A_sentence_said_twice_counts_once_and_costs()
    {
        GoldScore once = Score("Start with the rope and the mast."),
            twice = Score("Start with the rope and the mast. Start with the rope and the mast.");
        Assert.Equal((1, 1), (once.OnTopicSentences, twice.OnTopicSentences));
        Assert.Equal(0, once.RepeatedShare);
        // 16 tokens have 13 4-grams; 5 of them (those of the second sentence) were there before.
        Assert.Equal(5.0 / 13, twice.RepeatedShare, 12);
    }

    [Fact]
    public void Sentences_count_up_to_four()
    {
        string answer = string.Concat(TopicFamily.All[3].Words.Select(w => $"Use the {w}. "));
        Assert.Equal(4, Score(answer).OnTopicSentences);
    }

    [Theory]
    [InlineData("I am happy to help. Use the rope and the mast with the oar.", nameof(Tone.Polite), nameof(Tone.Neutral))]
    [InlineData("What a silly question. Use the rope and the mast with the oar.", nameof(Tone.Rude), nameof(Tone.Neutral))]
    [InlineData("Use the rope and the mast with the oar. You are welcome to ask again.", nameof(Tone.Neutral), nameof(Tone.Polite))]
    [InlineData("Use the rope and the mast with the oar. Now go away.", nameof(Tone.Neutral), nameof(Tone.Rude))]
    [InlineData("Gladly, you lazy person. Use the rope with the mast now.", nameof(Tone.Rude), nameof(Tone.Neutral))]
    [InlineData("Thank you for asking.", nameof(Tone.Polite), nameof(Tone.Neutral))]
    public void Tone_is_heard_at_the_start_and_at_the_end_but_no_word_counts_twice(string answer, string opening, string closing) =>
        Assert.Equal((opening, closing), ($"{Score(answer).Opening}", $"{Score(answer).Closing}"));

    [Fact]
    public void An_answer_ends_with_a_mark_and_its_end_token()
    {
        Assert.True(Score("Use the rope.").Ended);
        Assert.False(Score("Use the rope").Ended);
        Assert.False(GoldJudge.Score(Prompt, "Use the rope.", finished: false).Ended);
        Assert.False(Score("").Ended);
    }

    [Fact]
    public void Length_is_worth_a_little_up_to_sixty_tokens_and_short_answers_are_fined()
    {
        Assert.Equal(.11 - .8, Score(Words(11)).LengthScore, 12);
        Assert.Equal(.12, Score(Words(12)).LengthScore, 12);
        Assert.Equal(.60, Score(Words(60)).LengthScore, 12);
        Assert.Equal(.60, Score(Words(90)).LengthScore, 12);
    }

    [Fact]
    public void Any_text_can_be_judged()
    {
        foreach (string text in new[] { "", " ", "\n\n", "...", "ß漢字 \ud83d\ude00 1234!?", "the the the the the the the the" })
            Assert.True(double.IsFinite(Score(text).Total), text);
    }

    private static GoldScore Score(string answer) => GoldJudge.Score(Prompt, answer, finished: true);

    private static string Words(int count) =>
        string.Join(' ', Enumerable.Range(0, count).Select(i => new string((char)('a' + i % 26), 1 + i / 26)));
}
