using System.Text;

namespace Hone.Text.Splitting;

/// <summary>What SentencePiece does to a text before its model sees it: spaces become a visible mark, one of them is put in front.</summary>
internal sealed class SentencePieceText(bool addsPrefix, bool everySegment, bool collapsesSpaces) : PreTokenizer
{
    public const char Space = '\u2581';

    public override void Split(Piece piece, bool opensText, List<Piece> output)
    {
        string text = collapsesSpaces ? Collapse(piece.Span) : piece.Span.ToString();
        if (text.Length == 0) return;
        text = text.Replace(' ', Space);
        if (addsPrefix && (opensText || everySegment)) text = Space + text;
        output.Add(new Piece(text, 0, text.Length));
    }

    private static string Collapse(ReadOnlySpan<char> text)
    {
        StringBuilder kept = new(text.Length);
        bool afterSpace = true;
        foreach (char c in text)
        {
            if (c != ' ' || !afterSpace) kept.Append(c);
            afterSpace = c == ' ';
        }
        // Behind the text the visible mark goes as well.
        while (kept.Length > 0 && kept[^1] is ' ' or Space) kept.Length--;
        return kept.ToString();
    }
}
