namespace Hone.Text.Offsets;

/// <summary>Where each UTF-16 unit of a rewritten text came from: a range of the text that the caller gave. Kept only while offsets are asked for.</summary>
internal sealed class Alignment(int[] starts, int[] ends)
{
    public int StartOf(int unit) => starts[unit];

    public int EndOf(int unit) => ends[unit];

    public int Length => starts.Length;

    /// <summary>A part of the caller's text, as it is.</summary>
    public static Alignment Identity(int start, int length) =>
        new([.. Enumerable.Range(start, length)], [.. Enumerable.Range(start + 1, length)]);

    /// <summary>The units at <paramref name="units"/> of this one, in that order; -1 stands for an inserted unit, which came from nothing.</summary>
    public Alignment Pick(IReadOnlyList<int> units)
    {
        int[] newStarts = new int[units.Count], newEnds = new int[units.Count];
        // An inserted unit stands where the next one begins, or at the end of the text.
        int next = Length > 0 ? ends[^1] : 0;
        for (int i = units.Count - 1; i >= 0; i--)
        {
            (newStarts[i], newEnds[i]) = units[i] < 0 ? (next, next) : (starts[units[i]], ends[units[i]]);
            next = newStarts[i];
        }
        return new Alignment(newStarts, newEnds);
    }
}
