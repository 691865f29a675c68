namespace Hone.Models;

/// <summary>The next tokens of a sequence whose first <paramref name="Start"/> tokens lie in a cache of blocks.</summary>
/// <param name="Tokens">At least one.</param>
/// <param name="Start">Position of the first of them.</param>
/// <param name="RotateAs">
/// Length of the sequence that they are part of, where the frequencies of rotary embeddings depend on it (longrope, dynamic):
/// a prompt that is read in pieces is rotated as a whole.
/// </param>
/// <param name="Blocks">The sequence's blocks in order; enough for <paramref name="Start"/> and the new tokens.</param>
/// <param name="WantsLogits">Whether what follows the last token is asked for.</param>
internal readonly record struct SequencePart(
    ReadOnlyMemory<int> Tokens, int Start, int RotateAs, IReadOnlyList<int> Blocks, bool WantsLogits)
{
    /// <summary>Tokens that the last of <see cref="Tokens"/> sees, itself among them.</summary>
    public int Length => Start + Tokens.Length;
}
