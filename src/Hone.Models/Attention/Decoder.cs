using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// The incremental use of a <see cref="Transformer"/>: the next tokens of several sequences, prompts and answers alike, attend
/// to what lies in a <see cref="BlockCache"/>. Runs without gradients; results equal those of
/// <see cref="Transformer.Hidden"/> to rounding.
/// </summary>
/// <remarks>
/// no_grad, not inference mode: the model's rotary tables may grow in here, and training could not use inference tensors.
/// Different threads may run parts of different sequences at the same time.
/// </remarks>
internal sealed class Decoder(Transformer model, BlockCache cache)
{
    /// <summary>
    /// Logits after the last tokens of the parts that want them, in fp32. [wanted parts, vocab]; null where none does.
    /// </summary>
    /// <param name="spread">Whether long attention may be spread over the processor's cores.</param>
    public Tensor? Run(IReadOnlyList<SequencePart> parts, bool spread = true)
    {
        using var ungraded = no_grad();
        using var scope = NewDisposeScope();
        int time = parts.Sum(p => p.Tokens.Length), at = 0;
        long[] tokens = new long[time], positions = new long[time];
        int[] lengths = new int[time];
        var last = new List<long>();
        foreach (SequencePart part in parts)
        {
            for (int i = 0; i < part.Tokens.Length; i++, at++)
                (tokens[at], positions[at], lengths[at]) = (part.Tokens.Span[i], part.Start + i, part.RotateAs);
            if (part.WantsLogits) last.Add(at - 1);
        }
        Device device = model.Device;
        var pass = new PassPositions(tensor(positions, device: device), lengths, lengths.Max());
        var attention = new BlockAttention(cache, model.Config, parts, spread);
        Tensor x = model.Forward(tensor(tokens, device: device), pass, attention);
        if (last.Count == 0) return null;
        if (last.Count < time) x = x.index_select(0, tensor(last.ToArray(), device: device));
        return model.Logits(x).MoveToOuterDisposeScope();
    }
}
