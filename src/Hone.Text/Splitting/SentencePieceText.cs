using System.Text;
using Hone.Text.AddedTokens;

namespace Hone.Text.Splitting;

/// <summary>
/// What SentencePiece does to a text before its model sees it: spaces become a visible mark, one of them is put in front.
/// </summary>
internal sealed class SentencePieceText(bool addsPrefix, bool everySegment, bool collapsesSpaces) : PreTokenizer
{
    public const char Space = '\u2581';

    /// <summary>Pieces that are taken whole, before anything merges.</summary>
    public AddedTokenFinder Whole { get; init; } = new([]);

    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        List<int>? units = piece.Map is null ? null : [];
        string text = collapsesSpaces ? Collapse(piece.Span, units) : piece.Span.ToString();
        if (text.Length == 0) return;
        if (!collapsesSpaces) units?.AddRange(Enumerable.Range(0, text.Length));
        text = text.Replace(' ', Space);
        if (addsPrefix && (opensText || everySegment))
        {
            text = Space + text;
            units?.Insert(0, -1);
        }
        Piece whole = new(text, 0, text.Length, piece.Rewritten(() => units!));
        List<Segment> segments = [];
        Whole.Split(text, parseSpecial: false, segments, budget);
        foreach (Segment segment in segments) output.Add(whole.Slice(segment.Start, segment.Length));
    }

    private static string Collapse(ReadOnlySpan<char> text, List<int>? units)
    {
        StringBuilder kept = new(text.Length);
        bool afterSpace = true;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c != ' ' || !afterSpace)
            {
                kept.Append(c);
                units?.Add(i);
            }
            afterSpace = c == ' ';
        }
        // Behind the text the visible mark goes as well.
        while (kept.Length > 0 && kept[^1] is ' ' or Space) kept.Length--;
        units?.RemoveRange(kept.Length, units.Count - kept.Length);
        return kept.ToString();
    }
}
