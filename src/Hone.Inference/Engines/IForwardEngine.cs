using Hone.Models;

namespace Hone.Inference;

/// <summary>
/// Runs a language model over tokens of many sequences at once. It knows ids and blocks of cache, nothing of requests: whoever
/// calls it decides which sequence comes next and which blocks hold its keys and values. Calls come one after the other.
/// </summary>
internal interface IForwardEngine : IDisposable
{
    /// <summary>Tokens whose keys and values one block of the cache holds.</summary>
    int BlockTokens { get; }

    /// <summary>Bytes of one block, all layers together.</summary>
    long BlockBytes { get; }

    /// <summary>
    /// Whether a few tokens of one sequence cost little more than one, and get the same bits, so that it pays to compute guesses along.
    /// </summary>
    bool GuessesPay => false;

    /// <summary>Makes the blocks 0 to <paramref name="count"/> - 1 usable; what they hold already stays.</summary>
    void Reserve(int count);

    /// <summary>Copies blocks' keys and values of all layers. No block is written twice, or read after it was written.</summary>
    void CopyBlocks(IReadOnlyList<(int From, int To)> blocks);

    /// <summary>
    /// Computes all parts in one pass. Keys and values of a part's tokens are written into its blocks, at the places from
    /// <see cref="SequencePart.Start"/> on; its tokens see all of the sequence's tokens up to themselves.
    /// </summary>
    /// <param name="parts">
    /// Parts of different sequences; several may share blocks before their starts. Tokens of one sequence may also come as parts of one
    /// token each, side by side and in order: they see each other as in one part.
    /// </param>
    /// <param name="logits">Called once per part with <see cref="SequencePart.WantsLogits"/>, perhaps from several threads.</param>
    /// <param name="draws">Asked and told in place of it by an engine that draws tokens where its logits lie.</param>
    void Forward(IReadOnlyList<SequencePart> parts, LogitsReader logits, ITokenDraws? draws = null);
}

/// <summary>Lets an engine draw tokens, so that logits stay where they are. Called perhaps from several threads.</summary>
internal interface ITokenDraws
{
    /// <summary>Adds how tokens are drawn from what follows a part, at least one; false where its logits are needed.</summary>
    bool AddTo(List<TokenDraw> draws, int part);

    /// <summary>The tokens drawn from a part, in the order of its draws.</summary>
    void Take(int part, ReadOnlySpan<SampledToken> tokens);
}

/// <summary>Takes the fp32 logits [vocab] after a part's last token; they are gone when the call ends.</summary>
/// <param name="part">Which of the parts.</param>
internal delegate void LogitsReader(int part, ReadOnlySpan<float> logits);
