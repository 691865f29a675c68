using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>What changes a loss on pairs from outside: LD-DPO's log-probabilities and WPO's weights.</summary>
public sealed class PairVariantTests
{
    private static readonly int[] s_prompt = [1, 4, 2];
    private static readonly PromptExample s_pair = new(s_prompt, [[8, 9, 10, 3], [7, 3]])
    {
        Comparisons = [new Comparison(0, 1)],
        ReferenceLogps = [-9, -5],
    };

    [Theory]
    [InlineData(1, -6, -4)]
    [InlineData(0.5, -3.5, -4)] // -1 + 0.5 (-2 - 3)
    [InlineData(0, -1, -4)]
    public void What_an_answer_is_longer_counts_alpha_times(double alpha, double longer, double shorter)
    {
        Tensor tokens = tensor(new[] { -1f, -2f, -3f, -4f }).requires_grad_(true);
        Tensor found = LengthDesensitisation.LogProbs(tokens, [0, 0, 0, 1], [0, 1], [1, 0], alpha);
        Assert.Equal(longer, found[0].item<float>(), 1e-6);
        Assert.Equal(shorter, found[1].item<float>(), 1e-6);
        found.sum().backward();
        Assert.Equal([1f, (float)alpha, (float)alpha, 1f], tokens.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Ld_dpos_loss_is_that_of_separate_sequences()
    {
        using Transformer model = Tiny.Model();
        double Tokens(int[] answer, int from, int to) =>
            Enumerable.Range(from, to - from).Sum(i => Tiny.Distributions(model, s_prompt, answer)[i, answer[i]].item<float>());
        double chosen = Tokens(s_pair.Answers[0], 0, 2) + (0.25 * Tokens(s_pair.Answers[0], 2, 4));
        double rejected = Tokens(s_pair.Answers[1], 0, 2);
        double h = 0.3 * (chosen + 9 - rejected - 5);
        Assert.Equal(Math.Log(1 + Math.Exp(-h)), Loss(model, new() { Beta = 0.3, LdAlpha = 0.25 }), 1e-4);
    }

    [Fact]
    public void A_pair_that_is_likely_as_samples_are_weighs_one()
    {
        // Uniform over 4 tokens: log p = log sum p^2 = -log 4 everywhere. Then one answer of half that probability per token.
        Tensor uniform = tensor(new[] { -1.386294f, -1.386294f, -1.386294f });
        Tensor Weight(params float[] logps) => PolicyWeighting.Of(tensor(logps), uniform, tensor(new long[] { 0, 0, 1 }),
            tensor(new[] { 2f, 1f }), tensor(new long[] { 0 }), tensor(new long[] { 1 }));
        Assert.Equal(1, Weight(-1.386294f, -1.386294f, -1.386294f)[0].item<float>(), 1e-5);
        Assert.Equal(0.5, Weight(-2.079442f, -2.079442f, -1.386294f)[0].item<float>(), 1e-5);
        Assert.Equal(1, Weight(-0.1f, -0.1f, -0.1f)[0].item<float>(), 1e-5); // never more
    }

    [Fact]
    public void Wpos_loss_is_that_of_separate_sequences_and_its_weights_have_no_gradient()
    {
        using Transformer model = Tiny.Model();
        double Answer(int[] answer)
        {
            Tensor logps = Tiny.Distributions(model, s_prompt, answer);
            return answer.Index().Average(t => logps[t.Index, t.Item].item<float>()
                - Math.Log(logps[t.Index].exp().pow(2).sum().item<float>()));
        }
        double weight = Math.Min(1, Math.Exp(Answer(s_pair.Answers[0]) + Answer(s_pair.Answers[1])));
        Assert.InRange(weight, 0.001, 0.999);
        double plain = Loss(model, new() { Beta = 0.3 });
        Assert.Equal(weight * plain, Loss(model, new() { Beta = 0.3, WeightByPolicy = true }), 1e-5);

        Tensor Gradient(PreferenceLossOptions options)
        {
            Tensor head = model.Embedding.requires_grad_(true);
            head.grad?.zero_();
            new DpoObjective(options).Loss(model, [s_pair], new StepMetrics()).backward();
            return head.grad!.clone();
        }
        Tensor difference = Gradient(new() { Beta = 0.3, WeightByPolicy = true }) - (Gradient(new() { Beta = 0.3 }) * (float)weight);
        Assert.True(difference.abs().max().item<float>() < 1e-5f);
    }

    private static float Loss(Transformer model, PreferenceLossOptions options) =>
        new DpoObjective(options).Loss(model, [s_pair], new StepMetrics()).item<float>();
}
