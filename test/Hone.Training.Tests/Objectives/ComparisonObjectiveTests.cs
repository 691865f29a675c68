using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>Grouped comparisons in a forest against the loss of plain, separate sequences.</summary>
public sealed class ComparisonObjectiveTests
{
    private static readonly int[] s_prompt = [1, 4, 2];
    private static readonly int[][] s_answers = [[5, 6, 3], [7, 3], [8, 9, 10, 3]];
    private static readonly Comparison[] s_comparisons = [new(0, 1), new(2, 0), new(2, 1)];

    [Fact]
    public void Dpo_over_a_group_equals_the_mean_over_its_separate_pairs()
    {
        using Transformer model = Create(reward: false);
        double[] references = [-9, -5, -12];
        var metrics = new StepMetrics();
        PromptExample example = new(s_prompt, s_answers) { Comparisons = s_comparisons, ReferenceLogps = references };
        double found = new DpoObjective(new() { Beta = 0.3 }).Loss(model, [example], metrics).item<float>();
        double[] logps = [.. s_answers.Select(a => PlainLogProb(model, a))];
        double expected = s_comparisons.Sum(c =>
            -Math.Log(1 / (1 + Math.Exp(-0.3 * (logps[c.Better] - references[c.Better] - logps[c.Worse] + references[c.Worse])))));
        Assert.Equal(expected, found, 1e-4);
        Assert.Equal(s_comparisons.Average(c => logps[c.Better]), metrics.Means["logps/chosen"], 1e-4);
        Assert.Equal((3 + 4 + 4) / 3.0, metrics.Means["length/chosen"], 1e-9);
    }

    [Fact]
    public void Reward_is_read_at_the_true_last_token_even_where_pad_or_eos_ids_occur_inside()
    {
        // Id 3 ends every answer and also stands inside this one: a search for the first one would read too early.
        using Transformer model = Create(reward: true);
        int[] answer = [5, 3, 6, 3];
        var example = new PromptExample(s_prompt, [answer, [7, 3]]) { Comparisons = [new Comparison(0, 1)] };
        var metrics = new StepMetrics();
        new RewardObjective().Loss(model, [example], metrics);
        var plain = new TokenForest();
        plain.AddRoot([.. s_prompt, .. answer]);
        double expected = model.Scores(model.Hidden(plain))[-1].item<float>();
        Assert.Equal(expected, metrics.Means["rewards/chosen"], 1e-5);
    }

    [Fact]
    public void A_pairs_margin_goes_with_it_into_the_reward_models_loss()
    {
        using Transformer model = Create(reward: true);
        IReadOnlyList<PromptExample> examples = PromptExample.Group(
            [new(s_prompt, s_answers[0], s_answers[1]) { Margin = 2 }, new(s_prompt, s_answers[2], s_answers[0])]);
        double Score(int[] answer)
        {
            var plain = new TokenForest();
            plain.AddRoot([.. s_prompt, .. answer]);
            return model.Scores(model.Hidden(plain))[-1].item<float>();
        }
        double[] r = [.. s_answers.Select(Score)];
        double expected = Math.Log(1 + Math.Exp(-(r[0] - r[1] - (0.5 * 2)))) + Math.Log(1 + Math.Exp(-(r[2] - r[0])));
        Assert.Equal(expected, new RewardObjective(margin: 0.5).Loss(model, examples, new StepMetrics()).item<float>(), 1e-4);
    }

    [Fact]
    public void Pairs_of_one_prompt_share_their_answers()
    {
        IReadOnlyList<PromptExample> groups = PromptExample.Group(
            [new(s_prompt, s_answers[0], s_answers[1]), new([9], [1], [2]), new(s_prompt, s_answers[2], s_answers[0])]);
        Assert.Equal(2, groups.Count);
        Assert.Equal(3, groups[0].Answers.Length);
        Assert.Equal([new Comparison(0, 1), new Comparison(2, 0)], groups[0].Comparisons);
    }

    private static double PlainLogProb(Transformer model, int[] answer)
    {
        var plain = new TokenForest();
        plain.AddRoot([.. s_prompt, .. answer]);
        Tensor logProbs = model.Logits(model.Hidden(plain)).log_softmax(1);
        return answer.Select((token, i) => (double)logProbs[s_prompt.Length + i - 1, token].item<float>()).Sum();
    }

    private static Transformer Create(bool reward)
    {
        TransformerConfig config = Tiny.Config with { IsRewardModel = reward };
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, 2, deviation: 0.3);
        if (reward) weights["score.weight"] = ones(1, 16);
        return new Transformer(config, weights, ScalarType.Float32);
    }
}
