using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// One pass over the rows of a head, a chunk at a time: logits, log-probabilities and gradients in buffers that are made once.
/// Products run in the rows' type, or in fp32 where products of that are slow (<see cref="Products"/>); everything else in fp32.
/// </summary>
internal sealed class HeadChunks : IDisposable
{
    // Fewer rows make the products slow, more only take memory.
    private const long FewestRows = 512, MostElements = 1 << 25;

    // Of the vocabulary at once, where a head is widened for its products.
    private const long WidenedTokens = 8192;

    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly Tensor _rows, _head, _targets, _one, _logits;
    private readonly Tensor? _narrow; // logits in the type of products; null where that is fp32
    private readonly ScalarType _type;
    private readonly double _cap;
    private readonly long _chunk;

    /// <param name="rows">[N, hidden]</param>
    /// <param name="head">[vocab, hidden], in any type</param>
    /// <param name="targets">[N], int64</param>
    /// <param name="cap">0 for none.</param>
    public HeadChunks(Tensor rows, Tensor head, Tensor targets, double cap)
    {
        (_rows, _targets, _cap) = (rows, targets, cap);
        _type = Products.TypeOf(rows);
        _head = _type == rows.dtype ? head.As(_type) : head;
        long vocabulary = head.shape[0];
        _chunk = Math.Max(1, Math.Min(rows.shape[0], RowsFor(vocabulary)));
        _logits = empty(_chunk, vocabulary, dtype: ScalarType.Float32, device: rows.device);
        if (_type != ScalarType.Float32) _narrow = empty(_chunk, vocabulary, dtype: _type, device: rows.device);
        _one = ones(_chunk, 1, device: rows.device);
    }

    /// <summary>Rows of a chunk.</summary>
    public static long RowsFor(long vocabulary) => Math.Max(FewestRows, MostElements / vocabulary);

    /// <summary>Fills what is given.</summary>
    /// <param name="logProbs">[N], fp32</param>
    /// <param name="rowsGrad">[N, hidden], as the rows</param>
    /// <param name="headGrad">[vocab, hidden], fp32</param>
    /// <param name="factors">What each row's gradient is multiplied by [N]; null for 1.</param>
    public void Run(Tensor? logProbs, Tensor? rowsGrad, Tensor? headGrad, Tensor? factors)
    {
        Tensor? product = headGrad is not null && _narrow is not null ? empty_like(_head) : null;
        if (_rows.shape[0] == 0 || product is not null) headGrad?.zero_();
        for (long at = 0; at < _rows.shape[0]; at += _chunk)
        {
            using var scope = NewDisposeScope();
            long count = Math.Min(_chunk, _rows.shape[0] - at);
            Tensor part = _rows.narrow(0, at, count).As(_type), target = _targets.narrow(0, at, count).unsqueeze(1);
            Tensor logits = Logits(part);
            // d(cap tanh(x / cap)) / dx = 1 - tanh^2
            Tensor? slope = _cap > 0 && (rowsGrad ?? headGrad) is not null
                ? (logits * logits).ScaleInPlace(-1 / (_cap * _cap)).AddInPlace(1)
                : null;
            logits.AddInPlace(logits.amax([1], keepdim: true), -1);
            Tensor chosen = logits.gather(1, target).squeeze(1);
            Tensor sums = logits.exp_().sum(1);
            logProbs?.narrow(0, at, count).copy_(chosen - sums.log());
            if ((rowsGrad ?? headGrad) is null) continue;

            logits.mul_(sums.reciprocal().neg().unsqueeze(1)).scatter_add_(1, target, _one.narrow(0, 0, count));
            if (factors is not null) logits.mul_(factors.narrow(0, at, count).unsqueeze(1));
            if (slope is not null) logits.mul_(slope);
            Tensor gradient = _narrow is null ? logits : _narrow.narrow(0, 0, count).copy_(logits);
            if (rowsGrad is not null) ProductWithHead(gradient, rowsGrad.narrow(0, at, count));
            if (product is not null) headGrad!.AddInPlace(product.addmm_(gradient.t(), part, 0, 1));
            else headGrad?.addmm_(gradient.t(), part, at == 0 ? 0 : 1, 1);
        }
    }

    public void Dispose() => _scope.Dispose();

    /// <summary>Of a chunk, capped, in the shared buffer. [count, vocab], fp32</summary>
    private Tensor Logits(Tensor part)
    {
        Tensor logits = _logits.narrow(0, 0, part.shape[0]);
        Tensor product = _narrow?.narrow(0, 0, part.shape[0]) ?? logits;
        foreach ((long from, long tokens) in Parts())
        {
            using var scope = NewDisposeScope();
            product.narrow(1, from, tokens).addmm_(part, _head.narrow(0, from, tokens).As(_type).t(), 0, 1);
        }
        if (_narrow is not null) logits.copy_(product);
        if (_cap > 0) logits.ScaleInPlace(1 / _cap).tanh_().ScaleInPlace(_cap);
        return logits;
    }

    /// <summary>[count, vocab] times the head, into [count, hidden].</summary>
    private void ProductWithHead(Tensor gradient, Tensor result)
    {
        Tensor sum = result.dtype == _type ? result : empty(result.shape, dtype: _type, device: result.device);
        foreach ((long from, long tokens) in Parts())
        {
            using var scope = NewDisposeScope();
            sum.addmm_(gradient.narrow(1, from, tokens), _head.narrow(0, from, tokens).As(_type), from == 0 ? 0 : 1, 1);
        }
        if (sum.dtype != result.dtype) result.copy_(sum);
    }

    /// <summary>Of the vocabulary: all of it, unless the head must be widened.</summary>
    private IEnumerable<(long From, long Tokens)> Parts()
    {
        long vocabulary = _head.shape[0], step = _head.dtype == _type ? vocabulary : WidenedTokens;
        for (long from = 0; from < vocabulary; from += step) yield return (from, Math.Min(step, vocabulary - from));
    }
}
