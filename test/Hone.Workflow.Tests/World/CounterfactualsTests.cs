using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class CounterfactualsTests
{
    private static readonly ILookup<string, CounterfactualPair> s_pairs = SmallWorld.Create(11)
        .CounterfactualPairs(WorldSplit.LabelsTest, 200).ToLookup(p => p.Feature);

    public static TheoryData<string> Features => new(Counterfactuals.Features);

    [Theory]
    [MemberData(nameof(Features))]
    public void The_judge_prefers_the_better_answer_for_that_feature_alone(string feature)
    {
        Assert.Equal(200, s_pairs[feature].Count());
        foreach (CounterfactualPair pair in s_pairs[feature])
        {
            Assert.Equal(WorldSplit.LabelsTest, WorldSplit.Of(pair.Prompt));
            GoldScore better = GoldJudge.Score(pair.Prompt, pair.Better, finished: true),
                worse = GoldJudge.Score(pair.Prompt, pair.Worse, finished: true);
            Assert.True(better.Total > worse.Total, $"{pair.Better} | {pair.Worse}");
            (string Name, double Difference)[] changed =
            [
                ("topic", better.RelevanceScore - worse.RelevanceScore),
                ("opening", better.OpeningScore - worse.OpeningScore),
                ("closing", better.ClosingScore - worse.ClosingScore),
                ("ending", better.EndingScore - worse.EndingScore),
                ("repetition", better.RepetitionScore - worse.RepetitionScore),
                ("completeness", better.CompletenessScore - worse.CompletenessScore),
            ];
            string? own = feature switch
            {
                "opening-rude" => "opening",
                "closing-rude" => "closing",
                "too-short" or "length" => null,
                _ => feature,
            };
            foreach ((string name, double difference) in changed)
            {
                if (name == own) Assert.True(difference > .2, name);
                // What leaves the topic has no sentences on it either; shorter answers have fewer 4-grams.
                else if (!(feature == "topic" && name == "completeness")) Assert.Equal(0, difference, .12);
            }
        }
    }

    [Fact]
    public void Pairs_by_topic_share_everything_but_the_things()
    {
        HashSet<string> things = [.. TopicFamily.All.SelectMany(f => f.Words)];
        foreach (CounterfactualPair pair in s_pairs["topic"])
            Assert.Equal(Without(pair.Better), Without(pair.Worse));

        string Without(string text) => string.Concat(WorldText.Units(text).Where(u => !things.Contains(u.Trim())));
    }

    [Fact]
    public void Unknown_features_and_strange_prompts_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Counterfactuals.Draw("colour", s_pairs["topic"].First().Prompt, SmallWorld.Create(1).Random("x")));
        Assert.Throws<ArgumentException>(() => Counterfactuals.Draw("topic", "Hello.", SmallWorld.Create(1).Random("x")));
    }
}
