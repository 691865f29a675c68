using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Log-probabilities of chosen tokens without ever holding the logits of a whole batch: the language-model head runs
/// over chunks of rows, through buffers that all chunks share. Memory is chunk x vocab instead of rows x vocab.
/// </summary>
/// <remarks>
/// d log p(target) / d logits is one_hot(target) - softmax(logits). Where the head is frozen (an adapter is trained), and
/// where only the sum of all log-probabilities is asked for, the gradient is made in the forward pass, up to a factor;
/// elsewhere the backward pass computes each chunk's logits again.
/// </remarks>
public static class LogProbHead
{
    /// <summary>log p(target) in fp32 for the scored tokens of a forest. [N], differentiable in hidden and head.</summary>
    /// <param name="model">Whose head is applied.</param>
    /// <param name="hidden">Final hidden states. [time, hidden]</param>
    /// <param name="scored">Which rows predict which tokens. [N]</param>
    public static Tensor LogProbs(Transformer model, Tensor hidden, ScoredTokens scored) => LogProbs(
        hidden.index_select(0, scored.Sources.OnDevice(hidden.device)), model.Head, scored.Targets.OnDevice(hidden.device),
        model.Config.LogitCap);

    /// <summary>log p(target) in fp32. rows [N, hidden], head [vocab, hidden], targets [N] int64; returns [N].</summary>
    /// <param name="cap">Logits x become cap tanh(x / cap); null for none.</param>
    public static Tensor LogProbs(Tensor rows, Tensor head, Tensor targets, double? cap = null) =>
        HeadFunction.apply(rows, head, targets, cap ?? 0, Wanted(rows, head), false);

    /// <summary>The sum of <see cref="LogProbs(Transformer, Tensor, ScoredTokens)"/>, a scalar, with half the backward pass.</summary>
    public static Tensor Sum(Transformer model, Tensor hidden, ScoredTokens scored) => Sum(
        hidden.index_select(0, scored.Sources.OnDevice(hidden.device)), model.Head, scored.Targets.OnDevice(hidden.device),
        model.Config.LogitCap);

    /// <inheritdoc cref="Sum(Transformer, Tensor, ScoredTokens)"/>
    public static Tensor Sum(Tensor rows, Tensor head, Tensor targets, double? cap = null) =>
        HeadFunction.apply(rows, head, targets, cap ?? 0, Wanted(rows, head), true);

    private static Gradients Wanted(Tensor rows, Tensor head) => !is_grad_enabled() ? Gradients.None
        : (rows.requires_grad ? Gradients.Rows : Gradients.None) | (head.requires_grad ? Gradients.Head : Gradients.None);

    [Flags]
    private enum Gradients { None = 0, Rows = 1, Head = 2 }

    private sealed class HeadFunction : autograd.SingleTensorFunction<HeadFunction>
    {
        public override string Name => nameof(LogProbHead);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var (rows, head, targets, cap) = ((Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2], (double)vars[3]);
            var (wanted, sum) = ((Gradients)vars[4], (bool)vars[5]);
            // A row's gradient is its own factor times what is known now; the head's is so only if all factors are the same.
            Gradients now = sum || wanted == Gradients.Rows ? wanted : Gradients.None;
            Tensor logProbs = empty(rows.shape[0], dtype: ScalarType.Float32, device: rows.device);
            Tensor? rowsGrad = now.HasFlag(Gradients.Rows) ? empty_like(rows) : null;
            Tensor? headGrad = now.HasFlag(Gradients.Head) ? empty_like(head, dtype: ScalarType.Float32) : null;
            using (var chunks = new HeadChunks(rows, head, targets, cap)) chunks.Run(logProbs, rowsGrad, headGrad, factors: null);
            ctx.save_data(nameof(now), now);
            ctx.save_data(nameof(wanted), wanted);
            ctx.save_data(nameof(cap), cap);
            ctx.save_for_backward(now == Gradients.None ? [rows, head, targets] : [.. new[] { rowsGrad, headGrad }.OfType<Tensor>()]);
            return sum ? logProbs.sum() : logProbs;
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            List<Tensor> saved = ctx.get_saved_variables();
            var (now, wanted) = ((Gradients)ctx.get_data("now"), (Gradients)ctx.get_data("wanted"));
            Tensor? rowsGrad = null, headGrad = null;
            if (now == Gradients.None)
            {
                var (rows, head) = (saved[0], saved[1]);
                if (wanted.HasFlag(Gradients.Rows)) rowsGrad = empty_like(rows);
                if (wanted.HasFlag(Gradients.Head)) headGrad = empty_like(head, dtype: ScalarType.Float32);
                using (var chunks = new HeadChunks(rows, head, saved[2], (double)ctx.get_data("cap")))
                    chunks.Run(logProbs: null, rowsGrad, headGrad, grad_output);
                headGrad = headGrad?.As(head.dtype);
            }
            else
            {
                if (now.HasFlag(Gradients.Rows)) rowsGrad = saved[0] * grad_output.reshape(-1, 1).to(saved[0].dtype);
                // In place: a second backward pass through one forward pass is then refused by libtorch.
                if (now.HasFlag(Gradients.Head)) headGrad = saved[^1].mul_(grad_output);
            }
            BackwardHandles.Return([rowsGrad, headGrad], grad_output);
            return [rowsGrad!, headGrad!, null!, null!, null!, null!];
        }
    }
}
