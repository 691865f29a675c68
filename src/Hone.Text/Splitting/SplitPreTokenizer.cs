using System.Text.RegularExpressions;

namespace Hone.Text.Splitting;

/// <summary>Cuts where a pattern matches.</summary>
internal sealed class RegexSplit(Regex pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        List<Stretch> stretches = [];
        int done = 0;
        (string Text, int[] Offsets)? shadow = BmpShadow.Of(piece.Span);
        foreach ((int index, int length) in budget.Matches(pattern, shadow is null ? piece.Span : shadow.Value.Text))
        {
            int start = shadow?.Offsets[index] ?? index;
            int end = shadow?.Offsets[index + length] ?? index + length;
            if (end == start) continue;
            if (start > done) stretches.Add(new(done, start - done, invert));
            stretches.Add(new(start, end - start, !invert));
            done = end;
        }
        if (done < piece.Length) stretches.Add(new(done, piece.Length - done, invert));
        SplitBehaviors.Apply(behavior, piece, stretches, output);
    }
}

/// <summary>Cuts at every occurrence of a string.</summary>
internal sealed class StringSplit(string pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        List<Stretch> stretches = [];
        int done = 0;
        while (done < piece.Length)
        {
            int gap = piece.Span[done..].IndexOf(pattern, StringComparison.Ordinal);
            if (gap < 0) break;
            if (gap > 0) stretches.Add(new(done, gap, invert));
            stretches.Add(new(done + gap, pattern.Length, !invert));
            done += gap + pattern.Length;
        }
        if (done < piece.Length) stretches.Add(new(done, piece.Length - done, invert));
        SplitBehaviors.Apply(behavior, piece, stretches, output);
    }
}

/// <summary>Cuts with a hand-written matcher that covers every character, each match on its own.</summary>
internal sealed class ScannerSplit(WordScanner.Matcher matcher) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        ReadOnlySpan<char> text = piece.Span;
        for (int at = 0; at < text.Length;)
        {
            int length = matcher(text, at);
            output.Add(piece.Slice(at, length));
            at += length;
        }
    }
}

/// <summary>Cuts by a property of each code point: digits, punctuation.</summary>
internal sealed class CharacterSplit(Func<System.Text.Rune, bool> isMatch, SplitBehavior behavior) : PreTokenizer
{
    public override void Split(Piece piece, bool opensText, List<Piece> output, TextBudget budget)
    {
        List<Stretch> stretches = [];
        int plain = 0, at = 0;
        foreach (System.Text.Rune rune in piece.Span.EnumerateRunes())
        {
            // A lone surrogate is enumerated as U+FFFD, which takes one unit as it does.
            int units = rune.Utf16SequenceLength;
            if (isMatch(rune))
            {
                if (at > plain) stretches.Add(new(plain, at - plain, false));
                stretches.Add(new(at, units, true));
                plain = at + units;
            }
            at += units;
        }
        if (piece.Length > plain) stretches.Add(new(plain, piece.Length - plain, false));
        SplitBehaviors.Apply(behavior, piece, stretches, output);
    }
}
