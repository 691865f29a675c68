using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class PromptTests
{
    private static readonly string[] s_splits =
        [WorldSplit.Base, WorldSplit.Sft, WorldSplit.Labels, WorldSplit.LabelsTest, WorldSplit.Selection, WorldSplit.Test,
            WorldSplit.Iteration(1), WorldSplit.Iteration(2), WorldSplit.Iteration(16)];

    [Fact]
    public void There_are_more_than_a_hundred_thousand_distinct_prompts()
    {
        // Those without a greeting are a quarter of all.
        HashSet<string> distinct = [.. PromptGrammar.All().TakeWhile(p => !p.StartsWith("Hello", StringComparison.Ordinal))];
        Assert.Equal(419_200, distinct.Count);
        Dictionary<string, int> sizes = distinct.GroupBy(WorldSplit.Of).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(6 + WorldSplit.MostIterations, sizes.Count);
        Assert.All(sizes.Values, size => Assert.InRange(size, 6_000, int.MaxValue));
    }

    [Fact]
    public void A_prompt_names_one_topic_and_none_of_its_things()
    {
        foreach (string prompt in SmallWorld.Create(3).Prompts(WorldSplit.Test, 2000))
        {
            string[] words = [.. WorldText.Units(prompt).Select(u => u.Trim())];
            Assert.Single(words, w => TopicFamily.All.Any(f => f.RequestWords.Contains(w)));
            Assert.All(words, w => Assert.Null(TopicFamily.OfWord(w)));
            Assert.NotNull(TopicFamily.OfPrompt(prompt));
        }
    }

    [Fact]
    public void Splits_never_share_a_prompt_whatever_the_seed()
    {
        Dictionary<string, string> owner = [];
        foreach (ulong seed in new ulong[] { 1, 2 })
            foreach (string split in s_splits)
                foreach (string prompt in SmallWorld.Create(seed).Prompts(split, 500))
                {
                    Assert.Equal(split, WorldSplit.Of(prompt));
                    Assert.Equal(split, owner.GetValueOrDefault(prompt, split));
                    owner[prompt] = split;
                }
    }

    [Fact]
    public void The_seed_decides_the_prompts_and_a_longer_draw_begins_with_a_shorter_one()
    {
        string[] some = SmallWorld.Create(1).Prompts(WorldSplit.Selection, 50),
            more = SmallWorld.Create(1).Prompts(WorldSplit.Selection, 80);
        Assert.Equal(some, more[..50]);
        Assert.Equal(80, more.Distinct().Count());
        Assert.NotEqual(some, SmallWorld.Create(2).Prompts(WorldSplit.Selection, 50));
    }

    [Fact]
    public void Unknown_splits_and_iterations_are_refused()
    {
        Assert.Throws<ArgumentException>(() => SmallWorld.Create(1).Prompts("train", 1));
        Assert.Throws<ArgumentException>(() => SmallWorld.Create(1).Prompts("iteration-01", 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorldSplit.Iteration(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => WorldSplit.Iteration(17));
    }

    [Fact]
    public void Topics_have_no_word_in_common()
    {
        string[] words = [.. TopicFamily.All.SelectMany(f => f.RequestWords.Concat(f.Words))];
        Assert.Equal(120, words.Distinct().Count());
        Assert.Equal(words.Length, words.Distinct().Count());
    }
}
