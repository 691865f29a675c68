using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// Which tokens a pass computes: rows, of which neighbours of one part form segments, and which segments meet at a block of the
/// cache. Built once per pass, read by all layers; keeps its arrays from pass to pass.
/// </summary>
internal sealed class PassRows
{
    private int[] _stamp = [], _groupOf = [], _size = [];
    private int _clock;

    public int Count { get; private set; }

    /// <summary>Of each row. [rows]</summary>
    public int[] Tokens { get; private set; } = [];

    /// <summary>Of each row. [rows]</summary>
    public int[] Positions { get; private set; } = [];

    /// <summary>Block that each row's keys and values go to. [rows]</summary>
    public int[] Homes { get; private set; } = [];

    /// <summary>Length of the sequence that each row rotates as a part of. [rows]</summary>
    public int[] RotateAs { get; private set; } = [];

    public List<Segment> Segments { get; } = [];

    /// <summary>Segments, those of a group side by side.</summary>
    public List<int> Members { get; } = [];

    public List<Group> Groups { get; } = [];

    /// <summary>Where each chunk's groups begin; one more for the end. A chunk is work that is not divided further.</summary>
    public List<int> Chunks { get; } = [];

    public void Clear()
    {
        Count = 0;
        Segments.Clear();
    }

    /// <summary>Adds tokens of a part, cut into segments.</summary>
    public void Add(int part, in SequencePart sequence, int offset, int count, int segmentRows)
    {
        if (Tokens.Length < Count + count) Grow(Count + count);
        ReadOnlySpan<int> tokens = sequence.Tokens.Span;
        for (int i = 0; i < count; i++)
        {
            int position = sequence.Start + offset + i, row = Count + i;
            (Tokens[row], Positions[row]) = (tokens[offset + i], position);
            (Homes[row], RotateAs[row]) = (sequence.Blocks[position / CpuCache.Tokens], sequence.RotateAs);
        }
        for (int at = 0; at < count; at += segmentRows)
        {
            int own = Math.Min(segmentRows, count - at);
            Segments.Add(new Segment(part, Count + at, own, sequence.Start + offset + at));
        }
        Count += count;
    }

    /// <summary>Finds which segments share blocks. Shared blocks lie at the same place of their sequences.</summary>
    public void Group(IReadOnlyList<SequencePart> parts, int chunks, int blocks)
    {
        if (_stamp.Length < blocks) (_stamp, _groupOf) = (new int[2 * blocks], new int[2 * blocks]);
        if (_size.Length <= Segments.Count) _size = new int[2 * (Segments.Count + 1)];
        Members.Clear();
        Groups.Clear();
        Chunks.Clear();
        chunks = Math.Max(1, Math.Min(chunks, Segments.Count));
        for (int chunk = 0; chunk < chunks; chunk++)
        {
            int begin = (int)((long)Segments.Count * chunk / chunks), end = (int)((long)Segments.Count * (chunk + 1) / chunks);
            Chunks.Add(Groups.Count);
            int longest = 0;
            for (int s = begin; s < end; s++) longest = Math.Max(longest, BlocksOf(Segments[s]));
            for (int place = 0; place < longest; place++) GroupPlace(parts, begin, end, place);
        }
        Chunks.Add(Groups.Count);
    }

    private static int BlocksOf(Segment s) => ((s.Start + s.Count - 1) / CpuCache.Tokens) + 1;

    private void GroupPlace(IReadOnlyList<SequencePart> parts, int begin, int end, int place)
    {
        _clock++;
        int first = Groups.Count;
        for (int s = begin; s < end; s++)
        {
            if (place >= BlocksOf(Segments[s])) continue;
            int block = parts[Segments[s].Part].Blocks[place];
            if (_stamp[block] != _clock)
            {
                (_stamp[block], _groupOf[block]) = (_clock, Groups.Count);
                _size[Groups.Count - first] = 0;
                Groups.Add(new Group(block, place, 0, 0));
            }
            _size[_groupOf[block] - first]++;
        }
        int at = Members.Count;
        for (int g = first; g < Groups.Count; g++)
        {
            Groups[g] = Groups[g] with { First = at };
            at += _size[g - first];
        }
        while (Members.Count < at) Members.Add(0);
        for (int s = begin; s < end; s++)
        {
            if (place >= BlocksOf(Segments[s])) continue;
            int g = _groupOf[parts[Segments[s].Part].Blocks[place]];
            Members[Groups[g].First + Groups[g].Count] = s;
            Groups[g] = Groups[g] with { Count = Groups[g].Count + 1 };
        }
    }

    private void Grow(int rows)
    {
        int[] Larger(int[] old)
        {
            Array.Resize(ref old, Math.Max(rows, 2 * old.Length));
            return old;
        }
        (Tokens, Positions, Homes, RotateAs) = (Larger(Tokens), Larger(Positions), Larger(Homes), Larger(RotateAs));
    }
}

/// <summary>Neighbouring tokens of a part: <paramref name="Count"/> rows from <paramref name="Row"/> on, the first at a position.</summary>
internal readonly record struct Segment(int Part, int Row, int Count, int Start);

/// <summary>Segments that see a block, which holds the tokens from 32 times <paramref name="Place"/> on.</summary>
internal readonly record struct Group(int Block, int Place, int First, int Count);
