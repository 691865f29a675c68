namespace Hone.Data.Tests.Batching;

public sealed class KtoBatchTests
{
    [Fact]
    public void Each_answer_stands_beside_the_next_one_to_another_prompt()
    {
        LabelledExample[] rows =
            [new([1, 2], [3], true), new([1, 2], [4], false), new([5], [6, 7], true)];
        IReadOnlyList<PromptExample> found = KtoBatch.Of(rows, 64);
        Assert.Equal([[6, 7], [6, 7], [3]], found.Select(e => e.Answers[1]));
        Assert.Equal([[3], [4], [6, 7]], found.Select(e => e.Answers[0]));
        Assert.Equal([AnswerLabel.Desirable, AnswerLabel.Undesirable, AnswerLabel.Desirable], found.Select(e => e.Labels![0]));
        Assert.All(found, e => Assert.Equal(AnswerLabel.Mismatched, e.Labels![1]));
        Assert.Equal([.. found.SelectMany(e => e.Labels!)], ForestBatch.Of(found).Labels);
    }

    [Fact]
    public void What_does_not_fit_or_answers_the_same_prompt_is_no_mismatch()
    {
        Assert.Single(KtoBatch.Of([new([1], [2], true), new([1], [3], false)], 64)[0].Answers);
        IReadOnlyList<PromptExample> found = KtoBatch.Of([new([1, 2, 3], [4], true), new([5], [6, 7], true)], 4);
        Assert.Single(found[0].Answers);
        Assert.Equal([4], found[1].Answers[1]);
    }
}
