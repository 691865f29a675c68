using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// What one pass over prompts of equal length leaves: the fp32 logits after their last tokens [prompts, vocab], and each
/// layer's keys and values [prompts, kv_heads, length, head_dim].
/// </summary>
internal sealed class PromptPass : IDisposable
{
    internal PromptPass(IReadOnlyList<int[]> prompts, Tensor logits, Tensor[] keys, Tensor[] values) =>
        (Prompts, Logits, Keys, Values) = (prompts, logits, keys, values);

    public Tensor Logits { get; }

    internal IReadOnlyList<int[]> Prompts { get; }

    internal Tensor[] Keys { get; }

    internal Tensor[] Values { get; }

    public void Dispose()
    {
        Logits.Dispose();
        foreach (Tensor part in Keys.Concat(Values)) part.Dispose();
    }
}
