namespace Hone.Inference.Constraints;

/// <summary>The vocabulary's tokens by their bytes: a tree in the order of a walk through it, each node one byte.</summary>
internal sealed class TokenTrie
{
    private const int None = -1;
    private readonly byte[] _bytes;
    private readonly int[] _depths, _ends, _tokens;
    // Tokens of the same bytes: the next one of each.
    private readonly int[] _next;

    /// <param name="tokens">Bytes by id; null or empty for ids that stand for no text.</param>
    public TokenTrie(IReadOnlyList<byte[]?> tokens)
    {
        _next = new int[tokens.Count];
        int[] sorted = [.. Enumerable.Range(0, tokens.Count).Where(id => tokens[id] is { Length: > 0 })];
        Array.Sort(sorted, (a, b) => tokens[a].AsSpan().SequenceCompareTo(tokens[b]) is var order and not 0 ? order : a.CompareTo(b));
        List<byte> nodes = [];
        List<int> path = [], depths = [], ends = [], last = [];
        byte[] before = [];
        foreach (int id in sorted)
        {
            byte[] bytes = tokens[id]!;
            int same = before.AsSpan().CommonPrefixLength(bytes);
            if (same == bytes.Length && same == before.Length)
            {
                _next[id] = last[path[^1]];
                last[path[^1]] = id;
                continue;
            }
            Leave(same);
            for (int at = same; at < bytes.Length; at++)
            {
                path.Add(nodes.Count);
                nodes.Add(bytes[at]);
                depths.Add(at + 1);
                ends.Add(0);
                last.Add(None);
            }
            last[path[^1]] = id;
            _next[id] = None;
            Depth = Math.Max(Depth, bytes.Length);
            before = bytes;
        }
        Leave(0);
        (_bytes, _depths, _ends, _tokens) = ([.. nodes], [.. depths], [.. ends], [.. last]);

        void Leave(int depth)
        {
            for (int at = path.Count - 1; at >= depth; at--) ends[path[at]] = nodes.Count;
            path.RemoveRange(depth, path.Count - depth);
        }
    }

    /// <summary>Bytes of the longest token.</summary>
    public int Depth { get; }

    /// <summary>Sets the bits of all tokens that go on from a state of the automaton.</summary>
    /// <exception cref="InputException">The format is too costly.</exception>
    public void Mark(Automaton automaton, Automaton.State from, ulong[] mask)
    {
        var path = new Automaton.State[Depth + 1];
        path[0] = from;
        for (int node = 0; node < _bytes.Length;)
        {
            int depth = _depths[node];
            if (automaton.Next(path[depth - 1], _bytes[node]) is not { } next)
            {
                node = _ends[node];
                continue;
            }
            path[depth] = next;
            for (int id = _tokens[node]; id != None; id = _next[id]) mask[id >> 6] |= 1UL << id;
            node++;
        }
    }
}
