using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Log-probabilities of chosen tokens without ever holding the logits of a whole batch: the language-model head runs
/// over chunks of rows, and the backward pass computes each chunk's logits again. Memory is chunk x vocab instead of
/// rows x vocab. The gradient is (one_hot(target) - softmax(logits)) times the incoming gradient, through both factors.
/// </summary>
public static class LogProbHead
{
    private const int ChunkElements = 1 << 22;

    /// <summary>log p(target) in fp32 for the scored tokens of a forest. [N], differentiable in hidden and head.</summary>
    /// <param name="model">Whose head is applied.</param>
    /// <param name="hidden">Final hidden states. [time, hidden]</param>
    /// <param name="scored">Which rows predict which tokens. [N]</param>
    public static Tensor LogProbs(Transformer model, Tensor hidden, ScoredTokens scored)
    {
        Tensor sources = scored.Sources.OnDevice(hidden.device), targets = scored.Targets.OnDevice(hidden.device);
        return LogProbs(hidden.index_select(0, sources), model.Head, targets, model.Config.LogitCap);
    }

    /// <summary>log p(target) in fp32. rows [N, hidden], head [vocab, hidden], targets [N] int64; returns [N].</summary>
    /// <param name="cap">Logits x become cap tanh(x / cap); null for none.</param>
    public static Tensor LogProbs(Tensor rows, Tensor head, Tensor targets, double? cap = null)
    {
        int chunk = (int)Math.Max(1, ChunkElements / head.shape[0]);
        return ChunkedLogProb.apply(rows, head.dtype == rows.dtype ? head : head.to(rows.dtype), targets, chunk, cap ?? 0);
    }

    private sealed class ChunkedLogProb : autograd.SingleTensorFunction<ChunkedLogProb>
    {
        public override string Name => nameof(ChunkedLogProb);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (rows, head, targets, chunk, cap) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (int)vars[3], (double)vars[4]);
            ctx.save_for_backward([rows, head, targets]);
            ctx.save_data(nameof(chunk), chunk);
            ctx.save_data(nameof(cap), cap);
            Tensor result = empty(rows.shape[0], dtype: ScalarType.Float32, device: rows.device);
            for (long at = 0; at < rows.shape[0]; at += chunk)
            {
                using var scope = NewDisposeScope();
                long count = Math.Min(chunk, rows.shape[0] - at);
                Tensor logits = matmul(rows.narrow(0, at, count), head.t()).to(ScalarType.Float32);
                if (cap > 0) logits = logits.SoftCap(cap);
                Tensor chosen = logits.gather(1, targets.narrow(0, at, count).unsqueeze(1)).squeeze(1);
                result.narrow(0, at, count).copy_(chosen - logits.logsumexp(1));
            }
            return result;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            var (rows, head, targets) = (saved[0], saved[1], saved[2]);
            var (chunk, cap) = ((int)ctx.get_data("chunk"), (double)ctx.get_data("cap"));
            Tensor rowsGrad = empty_like(rows);
            Tensor headGrad = zeros_like(head, dtype: ScalarType.Float32);
            for (long at = 0; at < rows.shape[0]; at += chunk)
            {
                using var scope = NewDisposeScope();
                long count = Math.Min(chunk, rows.shape[0] - at);
                Tensor part = rows.narrow(0, at, count);
                Tensor g = grad_output.narrow(0, at, count).unsqueeze(1);
                Tensor logits = matmul(part, head.t()).to(ScalarType.Float32);
                if (cap > 0) logits = logits.SoftCap(cap);
                Tensor dLogits = logits.softmax(1).mul_(-g);
                dLogits.scatter_add_(1, targets.narrow(0, at, count).unsqueeze(1), g);
                // d(cap tanh(x / cap)) / dx = 1 - tanh^2
                if (cap > 0) dLogits.mul_((logits * logits).Times(-1 / (cap * cap)).Plus(1));
                Tensor narrow = dLogits.dtype == rows.dtype ? dLogits : dLogits.to(rows.dtype);
                rowsGrad.narrow(0, at, count).copy_(matmul(narrow, head));
                headGrad.AddInPlace(matmul(narrow.t(), part));
            }
            return [rowsGrad, headGrad.dtype == head.dtype ? headGrad : headGrad.to(head.dtype), null!, null!, null!];
        }
    }
}
