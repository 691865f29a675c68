namespace Hone.Text.Splitting;

/// <summary>A part of a text that is encoded on its own. No merge crosses its borders.</summary>
internal readonly record struct Piece(string Source, int Start, int Length)
{
    public ReadOnlySpan<char> Span => Source.AsSpan(Start, Length);

    public Piece Slice(int start, int length) => new(Source, Start + start, length);
}

/// <summary>Cuts pieces into smaller pieces, perhaps rewriting them. The names are those of tokenizer.json.</summary>
internal abstract class PreTokenizer
{
    /// <param name="piece">What to cut.</param>
    /// <param name="opensText">True for the piece that begins the text given by the caller.</param>
    /// <param name="output">Takes the parts, in order.</param>
    public abstract void Split(Piece piece, bool opensText, List<Piece> output);
}

internal sealed class SequencePreTokenizer(IReadOnlyList<PreTokenizer> parts) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output)
    {
        List<Piece> now = [piece], next = [];
        foreach (PreTokenizer part in parts)
        {
            next.Clear();
            for (int i = 0; i < now.Count; i++) part.Split(now[i], opensText && i == 0, next);
            (now, next) = (next, now);
        }
        output.AddRange(now);
    }
}
