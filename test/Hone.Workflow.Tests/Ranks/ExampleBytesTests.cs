using Hone.Data;

namespace Hone.Workflow.Tests;

public class ExampleBytesTests
{
    [Fact]
    public void Conversations_arrive_as_they_were()
    {
        SftExample[] sent = [new([1, 200_000, 3], [false, true, true]), new([7], [false])];
        SftExample[] got = [.. ExampleBytes.Parts(sent).SelectMany(ExampleBytes.Read<SftExample>)];
        Assert.Equal(sent.Length, got.Length);
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.Equal(sent[i].Ids, got[i].Ids);
            Assert.Equal(sent[i].LossMask, got[i].LossMask);
        }
    }

    [Fact]
    public void Pairs_arrive_with_margins_labels_and_reference_log_probabilities()
    {
        PromptExample[] sent =
        [
            new([1, 2], [[3], [4, 5], []])
            {
                Comparisons = [new(0, 1) { Margin = 0.1 }, new(2, 1)],
                ReferenceLogps = [-1.25, -1.0 / 3, 0],
            },
            new([], [[9], [8]]) { Labels = [AnswerLabel.Undesirable, AnswerLabel.Mismatched] },
        ];
        PromptExample[] got = [.. ExampleBytes.Parts(sent).SelectMany(ExampleBytes.Read<PromptExample>)];
        Assert.Equal(sent.Length, got.Length);
        for (int i = 0; i < sent.Length; i++)
        {
            Assert.Equal(sent[i].Prompt, got[i].Prompt);
            Assert.Equal(sent[i].Answers, got[i].Answers);
            Assert.Equal(sent[i].Comparisons, got[i].Comparisons);
            Assert.Equal(sent[i].Labels, got[i].Labels);
            Assert.Equal(sent[i].ReferenceLogps, got[i].ReferenceLogps);
        }
    }

    [Fact]
    public void Many_examples_go_in_parts_and_none_go_in_none()
    {
        SftExample[] sent = [.. Enumerable.Range(0, 40).Select(i => new SftExample([.. Enumerable.Repeat(i, 1 << 20)], new bool[1 << 20]))];
        Assert.True(ExampleBytes.Parts(sent).Count() > 1);
        Assert.Equal(Enumerable.Range(0, 40), ExampleBytes.Parts(sent).SelectMany(ExampleBytes.Read<SftExample>).Select(e => e.Ids[^1]));
        Assert.Empty(ExampleBytes.Parts<SftExample>([]));
    }
}
