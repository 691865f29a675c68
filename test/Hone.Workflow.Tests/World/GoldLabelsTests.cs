using Hone.Data;
using Hone.Workflow.World;

namespace Hone.Workflow.Tests.World;

public class GoldLabelsTests
{
    [Fact]
    public void Every_pair_of_a_ranking_is_a_Bradley_Terry_draw()
    {
        double[] gold = [2.0, 1.2, 0.0, -0.5];
        int[,] before = new int[4, 4];
        Xoshiro256 random = new(7);
        const int Draws = 20_000;
        for (int i = 0; i < Draws; i++)
        {
            int[] order = GoldLabels.Rank(gold, random);
            for (int a = 0; a < 4; a++)
                for (int b = a + 1; b < 4; b++) before[order[a], order[b]]++;
        }
        for (int a = 0; a < 4; a++)
            for (int b = 0; b < 4; b++)
                if (a != b) Assert.Equal(1 / (1 + Math.Exp(gold[b] - gold[a])), before[a, b] / (double)Draws, .015);
    }

    [Fact]
    public void One_comparison_follows_the_same_law()
    {
        Xoshiro256 random = new(8);
        int wins = Enumerable.Range(0, 20_000).Count(_ => GoldLabels.Prefers(1.0, 0.0, random));
        Assert.Equal(0.7310585786, wins / 20_000.0, .015);
    }

    [Fact]
    public void Rankings_keep_answer_and_gold_together_and_give_all_pairs()
    {
        RankedAnswers[] ranked = SmallWorld.Create(9).Preferences(WorldSplit.Labels, 300, 4);
        int right = 0, all = 0;
        foreach (RankedAnswers row in ranked)
        {
            Assert.Equal(4, row.Answers.Distinct().Count());
            for (int i = 0; i < 4; i++) Assert.Equal(GoldJudge.Score(row.Prompt, row.Answers[i], finished: true).Total, row.Gold[i]);
            Preference[] pairs = [.. row.Pairs()];
            Assert.Equal(6, pairs.Length);
            Assert.Equal((row.Answers[0], row.Answers[3]), (pairs[2].Chosen, pairs[2].Rejected));
            Assert.All(pairs, p => Assert.Null(p.ChosenScore));
            for (int i = 0; i < 4; i++)
                for (int j = i + 1; j < 4; j++, all++)
                    if (row.Gold[i] > row.Gold[j]) right++;
        }
        Assert.InRange(right / (double)all, .79, .87);
        Assert.Equal(ranked[5].Answers, SmallWorld.Create(9).Preferences(WorldSplit.Labels, 6, 4)[5].Answers);
    }
}
