using Hone.Text.Offsets;

namespace Hone.Text.Splitting;

/// <summary>A part of a text that is encoded on its own. No merge crosses its borders.</summary>
/// <param name="Map">Where each unit of <paramref name="Source"/> came from; null where nobody asks.</param>
internal readonly record struct Piece(string Source, int Start, int Length, Alignment? Map = null)
{
    public ReadOnlySpan<char> Span => Source.AsSpan(Start, Length);

    public Piece Slice(int start, int length) => new(Source, Start + start, length, Map);

    /// <summary>
    /// The way back from a rewriting of this piece, whose units are those at <paramref name="units"/>; -1 for an inserted one.
    /// </summary>
    public Alignment? Rewritten(Func<IReadOnlyList<int>> units)
    {
        int start = Start;
        return Map?.Pick([.. units().Select(u => u < 0 ? u : start + u)]);
    }
}

/// <summary>Cuts pieces into smaller pieces, perhaps rewriting them. The names are those of tokenizer.json.</summary>
internal abstract class PreTokenizer
{
    /// <param name="piece">What to cut.</param>
    /// <param name="opensText">True for the piece that begins the text given by the caller.</param>
    /// <param name="output">Takes the parts, in order.</param>
    /// <param name="budget">What the text may use.</param>
    public abstract void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget);
}

internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        List<Piece> now = [piece], next = [];
        foreach (PreTokenizer part in parts)
        {
            next.Clear();
            for (int i = 0; i < now.Count; i++) part.Split(now[i], opensText && i == 0, next, budget);
            (now, next) = (next, now);
        }
        output.AddRange(now);
    }
}
