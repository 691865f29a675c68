namespace Hone.Text.Splitting;

/// <summary>What becomes of the delimiters that a split found.</summary>
internal enum SplitBehavior
{
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

/// <summary>A stretch of text, and whether the pattern matched it.</summary>
internal readonly record struct Stretch(int Start, int Length, bool Match);

internal static class SplitBehaviors
{
    /// <summary>Turns the stretches that cover a piece, none of them empty, into pieces.</summary>
    public static void Apply(SplitBehavior behavior, Piece piece, List<Stretch> stretches, List<Piece> output)
    {
        switch (behavior)
        {
            case SplitBehavior.Removed:
                foreach (Stretch s in stretches)
                {
                    if (!s.Match) output.Add(piece.Slice(s.Start, s.Length));
                }
                break;
            case SplitBehavior.Isolated:
                foreach (Stretch s in stretches) output.Add(piece.Slice(s.Start, s.Length));
                break;
            case SplitBehavior.MergedWithNext:
                for (int i = 0; i < stretches.Count; i++)
                {
                    Stretch s = stretches[i];
                    bool joins = s.Match && i + 1 < stretches.Count && !stretches[i + 1].Match;
                    int length = joins ? s.Length + stretches[++i].Length : s.Length;
                    output.Add(piece.Slice(s.Start, length));
                }
                break;
            default:
                for (int i = 0; i < stretches.Count; i++)
                {
                    Stretch s = stretches[i];
                    bool joins = i > 0 && (behavior == SplitBehavior.Contiguous
                        ? s.Match == stretches[i - 1].Match
                        : s.Match && !stretches[i - 1].Match);
                    if (joins) output[^1] = output[^1] with { Length = output[^1].Length + s.Length };
                    else output.Add(piece.Slice(s.Start, s.Length));
                }
                break;
        }
    }
}
