using Hone.Models;

namespace Hone.Training;

/// <summary>
/// Floating-point operations that a step cannot do without, for its share of the machine's peak (model FLOPs utilisation, PaLM, arXiv
/// 2204.02311, appendix B): two for each weight and token forward, and as many for each gradient. Attention's own products, norms and
/// what is computed again for a checkpoint are left out, so the share is rather too low.
/// </summary>
internal sealed class StepWork
{
    private readonly double _perToken, _perHeadRow;

    public StepWork(Transformer model)
    {
        TransformerConfig c = model.Config;
        double matrices = LoraAdapter.Targets(c, [LoraOptions.AllLinear]).Sum(m => (double)m.Rows * m.Columns);
        // Of a layer's experts a token goes through those that it is sent to.
        if (c.Experts is { } experts)
            matrices -= (double)c.LayerCount * (experts.Count - experts.Used) * 3 * c.HiddenSize * experts.IntermediateSize;
        // Forward, gradient of what goes in, gradient of the weight; frozen weights have none.
        double passes = model.Adapter is null ? 3 : 2;
        _perToken = 2 * passes * Math.Max(0, matrices);
        _perHeadRow = 2 * passes * c.VocabularySize * c.HiddenSize;
    }

    public double Of(long tokens, long headRows) => (tokens * _perToken) + (headRows * _perHeadRow);
}
