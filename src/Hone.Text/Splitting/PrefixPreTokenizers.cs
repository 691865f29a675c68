using Hone.Text.Offsets;

namespace Hone.Text.Splitting;

/// <summary>The prefix-space rule of the ByteLevel pre-tokenizer; its mapping to bytes is the model's business.</summary>
internal sealed class PrefixSpace : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        if (piece.Length == 0 || piece.Span[0] == ' ')
        {
            output.Add(piece);
            return;
        }
        budget.Make(piece.Length + 1);
        Alignment? map = piece.Rewritten(() => [-1, .. Enumerable.Range(0, piece.Length)]);
        output.Add(new Piece(" " + piece.Span.ToString(), 0, piece.Length + 1, map));
    }
}

/// <summary>When Metaspace puts its mark before a piece.</summary>
internal enum PrependScheme
{
    Always,
    First,
    Never,
}

/// <summary>SentencePiece's way: spaces become a visible mark, and words are cut before it.</summary>
internal sealed class MetaspacePreTokenizer(char mark, PrependScheme prepend, bool split) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        budget.Make(piece.Length + 1);
        string text = piece.Span.ToString().Replace(' ', mark);
        bool adds = prepend == PrependScheme.Always || (prepend == PrependScheme.First && opensText);
        if (adds && text.Length > 0 && text[0] != mark) text = mark + text;
        Piece whole = new(text, 0, text.Length, piece.Rewritten(() => [.. Enumerable.Range(piece.Length - text.Length, text.Length)]));
        if (!split)
        {
            output.Add(whole);
            return;
        }
        int start = 0;
        for (int at = 1; at < text.Length; at++)
        {
            if (text[at] != mark) continue;
            output.Add(whole.Slice(start, at - start));
            start = at;
        }
        if (text.Length > 0) output.Add(whole.Slice(start, text.Length - start));
    }
}
