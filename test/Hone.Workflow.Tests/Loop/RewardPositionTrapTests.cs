using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 7: public scorers look for the first pad or end token to find where the reward is read; one inside the text gives
/// the reward of half an answer. Here it is read at the true last token, by length.
/// </summary>
public sealed class RewardPositionTrapTests
{
    [Fact]
    public void Trap_7_end_and_pad_tokens_inside_an_answer_do_not_move_the_place_of_the_reward()
    {
        LibTorch.Load();
        TransformerConfig config = TinyModel.Config with { IsRewardModel = true };
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 3, deviation: 0.5);
        using (var generator = new Generator(4, CPU)) weights["score.weight"] = randn([1, config.HiddenSize], generator: generator);
        using var model = new Transformer(config, weights, ScalarType.Float32);
        int end = WorldTokenizer.IdOf(WorldTokenizer.End), pad = WorldTokenizer.IdOf(WorldTokenizer.Pad);
        int[] prompt = [WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), 300, end, 301];
        int[][] answers = [[310, end], [310, end, 311, 312, end], [310, pad, pad, 311, pad], [end], [pad, 310]];
        double[] rewards = Assert.Single(AnswerScores.Rewards(model, [new PromptExample(prompt, answers)], maxTokens: 1000));
        using var off = no_grad();
        for (int k = 0; k < answers.Length; k++)
        {
            using var scope = NewDisposeScope();
            var forest = new TokenForest();
            forest.AddRoot([.. prompt, .. answers[k]]);
            float[] everywhere = model.Scores(model.Hidden(forest)).data<float>().ToArray();
            Assert.Equal(prompt.Length + answers[k].Length, everywhere.Length);
            Assert.Equal(everywhere[^1], rewards[k], 1e-5);
        }
        Assert.True(Math.Abs(rewards[0] - rewards[1]) > 1e-3, "the answers that begin alike have the same reward");
    }
}
