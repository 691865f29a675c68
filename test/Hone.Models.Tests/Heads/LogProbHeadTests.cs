using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>The chunked head against the full log-softmax, in value and gradient.</summary>
public sealed class LogProbHeadTests
{
    [Fact]
    public void Values_and_gradients_equal_those_of_a_full_log_softmax_across_chunks()
    {
        using var scope = NewDisposeScope();
        const int vocab = 70_001, rows = 130; // 4 Mi elements per chunk: three chunks
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
}
