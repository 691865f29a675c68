namespace Hone.Text.Offsets;

/// <summary>
/// Where each UTF-16 unit of a rewritten text came from: a range of the text that the caller gave. Kept only while offsets are
/// asked for.
/// </summary>
internal sealed class Alignment(int[] starts, int[] ends)
{
    public int StartOf(int unit) => starts[unit];

    public int EndOf(int unit) => ends[unit];

    public int Length => starts.Length;

    /// <summary>A part of the caller's text, as it is. Both halves of a surrogate pair stand for the whole character.</summary>
    public static Alignment Identity(ReadOnlySpan<char> text, int start)
    {
        int[] starts = new int[text.Length], ends = new int[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            bool low = i > 0 && char.IsSurrogatePair(text[i - 1], text[i]);
            bool high = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            starts[i] = start + (low ? i - 1 : i);
            ends[i] = start + (high ? i + 2 : i + 1);
        }
        return new(starts, ends);
    }

    /// <summary>
    /// The units at <paramref name="units"/> of this one, in that order. -1 stands for an inserted unit; it has the place of
    /// the unit that follows it, as in Hugging Face's tokenizers.
    /// </summary>
    public Alignment Pick(IReadOnlyList<int> units)
    {
        int[] newStarts = new int[units.Count], newEnds = new int[units.Count];
        (int, int) next = Length > 0 ? (ends[^1], ends[^1]) : (0, 0);
        for (int i = units.Count - 1; i >= 0; i--)
        {
            if (units[i] >= 0) next = (starts[units[i]], ends[units[i]]);
            (newStarts[i], newEnds[i]) = next;
        }
        return new Alignment(newStarts, newEnds);
    }
}
