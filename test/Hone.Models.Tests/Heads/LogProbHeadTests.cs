using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>The chunked head against the full log-softmax, in value and gradient.</summary>
public sealed class LogProbHeadTests
{
    [Fact]
    public void Values_and_gradients_equal_those_of_a_full_log_softmax_across_chunks()
    {
        using var scope = NewDisposeScope();
        const int vocab = 70_001, rows = 1100; // at least 512 rows a chunk: three chunks
        using var generator = new Generator(3, CPU);
        Tensor hidden = randn([rows, 8], generator: generator).requires_grad_(true);
        Tensor head = randn([vocab, 8], generator: generator).requires_grad_(true);
        Tensor targets = randint(0, vocab, [rows], dtype: ScalarType.Int64, generator: generator);
        Tensor incoming = randn([rows], generator: generator);

        Tensor found = LogProbHead.LogProbs(hidden, head, targets);
        (found * incoming).sum().backward();
        (Tensor rowsGrad, Tensor headGrad) = (hidden.grad!.clone(), head.grad!.clone());
        hidden.grad!.zero_();
        head.grad!.zero_();
        Tensor expected = matmul(hidden, head.t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
        (expected * incoming).sum().backward();

        Assert.True((expected - found).abs().max().item<float>() < 1e-4f);
        Assert.True((hidden.grad! - rowsGrad).abs().max().item<float>() < 1e-4f);
        Assert.True((head.grad! - headGrad).abs().max().item<float>() < 1e-4f);
    }

    /// <summary>
    /// The gradient made in the forward pass, up to a factor, is the one made in the backward pass; of capped logits too.
    /// </summary>
    [Theory]
    [InlineData(null)]
    [InlineData(3.0)]
    public void A_sum_and_a_frozen_head_have_the_same_gradients(double? cap)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        Tensor hidden = randn([30, 8], generator: generator), head = randn([50, 8], generator: generator);
        Tensor targets = randint(0, 50, [30], dtype: ScalarType.Int64, generator: generator);
        Tensor incoming = randn([30], generator: generator);
        (Tensor Value, Tensor Rows, Tensor? Head) Run(bool frozen, Func<Tensor, Tensor, Tensor> loss)
        {
            Tensor h = hidden.clone().requires_grad_(true), w = head.clone().requires_grad_(!frozen);
            Tensor value = loss(h, w);
            value.backward();
            return (value, h.grad!, w.grad);
        }
        void AssertSame((Tensor Value, Tensor Rows, Tensor? Head) expected, (Tensor Value, Tensor Rows, Tensor? Head) found)
        {
            Assert.Equal(expected.Value.item<float>(), found.Value.item<float>(), 1e-3);
            Assert.True((expected.Rows - found.Rows).abs().max().item<float>() < 1e-4f);
            if (found.Head is not null) Assert.True((expected.Head! - found.Head).abs().max().item<float>() < 1e-4f);
        }
        Tensor Plain(Tensor h, Tensor w)
        {
            Tensor logits = matmul(h, w.t());
            if (cap is { } c) logits = (logits / c).tanh() * c;
            return logits.log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
        }
        AssertSame(Run(false, (h, w) => Plain(h, w).sum() * 0.3), Run(false, (h, w) => LogProbHead.Sum(h, w, targets, cap) * 0.3));
        AssertSame(Run(false, (h, w) => (Plain(h, w) * incoming).sum()),
            Run(true, (h, w) => (LogProbHead.LogProbs(h, w, targets, cap) * incoming).sum()));
        AssertSame(Run(false, (h, w) => (Plain(h, w) * incoming).sum()),
            Run(false, (h, w) => (LogProbHead.LogProbs(h, w, targets, cap) * incoming).sum()));
    }

    /// <summary>In bf16 the gradient of fp32 master weights arrives in fp32, near the exact one.</summary>
    [Fact]
    public void A_bf16_pass_over_a_master_head_gives_fp32_gradients()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(4, CPU);
        Tensor hidden = randn([30, 8], generator: generator).to(ScalarType.BFloat16), head = randn([50, 8], generator: generator);
        Tensor targets = randint(0, 50, [30], dtype: ScalarType.Int64, generator: generator);
        Tensor h = hidden.clone().requires_grad_(true), w = head.clone().requires_grad_(true), exact = head.clone().requires_grad_(true);
        LogProbHead.Sum(h, w, targets).backward();
        matmul(hidden.to(ScalarType.Float32), exact.t()).log_softmax(1).gather(1, targets.unsqueeze(1)).sum().backward();
        Assert.Equal(ScalarType.Float32, w.grad!.dtype);
        Assert.Equal(ScalarType.BFloat16, h.grad!.dtype);
        Assert.True((w.grad - exact.grad!).abs().max().item<float>() < 0.05f);
    }

    /// <summary>A frozen head in bf16 is multiplied a part at a time where it must be widened: the parts make up the whole.</summary>
    [Fact]
    public void A_bf16_head_of_more_tokens_than_are_widened_at_once_gives_the_exact_gradient()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        Tensor hidden = randn([6, 8], generator: generator).to(ScalarType.BFloat16);
        Tensor head = (randn([20_000, 8], generator: generator) * 0.3).to(ScalarType.BFloat16);
        Tensor targets = tensor(new long[] { 0, 8191, 8192, 16_384, 19_999, 12_000 });
        Tensor h = hidden.clone().requires_grad_(true), exact = hidden.to(ScalarType.Float32).requires_grad_(true);
        Tensor logProbs = LogProbHead.LogProbs(h, head, targets);
        Tensor expected = matmul(exact, head.to(ScalarType.Float32).t()).log_softmax(1).gather(1, targets.unsqueeze(1)).squeeze(1);
        logProbs.sum().backward();
        expected.sum().backward();
        Assert.True((logProbs - expected).abs().max().item<float>() < 0.02f);
        Assert.True((h.grad!.to(ScalarType.Float32) - exact.grad!).abs().max().item<float>() < 0.02f);
    }
}
