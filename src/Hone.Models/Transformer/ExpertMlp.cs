using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Mixture of experts as in Qwen3-MoE: a softmax over all experts, of which each token goes through the likeliest; their
/// results are added with the softmax's weights, divided by their sum where the model says so.
/// </summary>
internal sealed class ExpertMlp
{
    private readonly Projection _router;
    private readonly GatedMlp[] _experts;
    private readonly ExpertOptions _options;

    public ExpertMlp(IReadOnlyDictionary<string, Tensor> weights, LoraAdapter? adapter, string prefix, TransformerConfig config)
    {
        _options = config.Experts!;
        _router = Projection.Of(weights, prefix + "gate", adapter: null);
        _experts = [.. Enumerable.Range(0, _options.Count).Select(e => new GatedMlp(weights, adapter, $"{prefix}experts.{e}.", config))];
    }

    /// <summary>[rows, hidden] to [rows, hidden]</summary>
    public Tensor Apply(Tensor x)
    {
        using var all = NewDisposeScope();
        (Tensor weights, Tensor chosen) = _router.Apply(x).to(ScalarType.Float32).softmax(1).topk(_options.Used, dim: 1);
        if (_options.Normalise) weights = weights / weights.sum(1, keepdim: true);
        weights = weights.to(x.dtype).flatten();
        // The choice is read on the host once: each expert then computes its own rows only. [rows * used]
        long[] expertOf = chosen.cpu().data<long>().ToArray();
        var parts = new List<Tensor>();
        var rows = new List<long>();
        foreach (IGrouping<long, int> own in Enumerable.Range(0, expertOf.Length).GroupBy(i => expertOf[i]).OrderBy(g => g.Key))
        {
            // One expert's temporaries live at a time.
            using var scope = NewDisposeScope();
            Tensor places = tensor(own.Select(i => (long)i).ToArray(), device: x.device);
            Tensor tokens = tensor(own.Select(i => (long)(i / _options.Used)).ToArray(), device: x.device);
            Tensor part = _experts[own.Key].Apply(x.index_select(0, tokens)) * weights.index_select(0, places).unsqueeze(1);
            parts.Add(part.MoveToOuterDisposeScope());
            rows.AddRange(own.Select(i => (long)(i / _options.Used)));
        }
        return cat(parts, 0).SumByGroup(tensor(rows.ToArray(), device: x.device), (int)x.shape[0]).MoveToOuterDisposeScope();
    }
}
