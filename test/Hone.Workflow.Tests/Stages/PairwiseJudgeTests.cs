using Hone.Data;
using Hone.Inference;
using Hone.Text;
using Hone.Workflow.Tests.Loop;

namespace Hone.Workflow.Tests.Stages;

public sealed class PairwiseJudgeTests(Unbroken unbroken)
{
    private static readonly IReadOnlyList<ChatMessage> s_prompt =
        [ChatMessage.User("hi"), ChatMessage.Assistant("yes?"), ChatMessage.User("why")];

    [Fact]
    public void The_question_is_in_the_words_of_the_public_model() => Assert.Equal(
        "[CONTEXT] \n\n\n<turn> user\n hi\n\n<turn> assistant\n yes?\n\n<turn> user\n why\n\n\n [RESPONSE A] x [RESPONSE B] y \n",
        PairwiseJudge.Question(s_prompt, "x", "y"));

    [Fact]
    public void The_better_answer_stands_in_either_place_and_the_letter_goes_with_it()
    {
        var letters = new HashSet<string>();
        for (int i = 0; i < 20; i++)
        {
            IReadOnlyList<ChatMessage> row = PairwiseJudge.Conversation(new Preference([ChatMessage.User($"q{i}")], "good", "bad"), 1);
            letters.Add(row[1].Content);
            Assert.Contains($"[RESPONSE {row[1].Content}] good", row[0].Content, StringComparison.Ordinal);
        }
        Assert.Equal(["A", "B"], letters.Order());
    }

    [Fact]
    public void Rewards_are_the_mean_of_both_orders_over_all_others_whatever_order_the_answers_come_in()
    {
        using PretrainedModel model = PretrainedModel.Open(unbroken.Model, ComputeTarget.Parse("cpu", "float32"));
        string[] answers = ["one", "two", "two", "three"];
        SampleRow Scored(params string[] given) =>
            PairwiseJudge.Score(model.Model, model.Text, [new SampleRow(s_prompt, given)], 4096)[0];
        double[] rewards = Scored(answers).Rewards!;
        Assert.Equal(2, rewards.Sum(), 1e-6); // each of 6 pairs shares out 1, and an answer is in 3
        Assert.Equal(rewards[1], rewards[2], 1e-6);
        Assert.Equal(rewards.Reverse(), Scored([.. answers.Reverse()]).Rewards!, (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal([0.5, 0.5], Scored("two", "two").Rewards!, (a, b) => Math.Abs(a - b) < 1e-6);

        // Two answers, by the template's own rendering of each letter.
        double First(string a, string b)
        {
            PreferenceExample example = model.Text.Examples.Preference(
                new Preference([ChatMessage.User(PairwiseJudge.Question(s_prompt, a, b))], "A", "B"));
            double[] logps = AnswerScores.LogProbs(
                model.Model, [new PromptExample(example.Prompt, [[example.Chosen[0]], [example.Rejected[0]]])], 4096)[0];
            return Math.Exp(logps[0]) / (Math.Exp(logps[0]) + Math.Exp(logps[1]));
        }
        double expected = (First("one", "three") + 1 - First("three", "one")) / 2;
        Assert.Equal(expected, Scored("one", "three").Rewards![0], 1e-5);
    }
}
