namespace Hone.Inference.Constraints;

/// <summary>
/// A grammar over bytes as a recursive transition network (Woods 1970): rules of states whose edges read a byte, read nothing, or
/// call a rule and go on where it ends. Every rule has one end, which no edge leaves.
/// </summary>
internal sealed class Network
{
    /// <summary>How deep rules that may call themselves nest in a text.</summary>
    public const int MostDepth = 24;

    /// <summary>In place of a state where there is none.</summary>
    public const int NoState = -1;

    private const int MostStates = 200_000;
    private const int NoEdge = -1, Empty = -1;
    private readonly List<int> _firstEdge = [];
    private readonly List<bool> _isEnd = [];
    private readonly List<Edge> _edges = [];
    private readonly List<(int Start, int End, int Cost)> _rules = [];
    private int[] _needs = [];

    /// <summary>Where a text begins.</summary>
    public int Start => _rules[0].Start;

    /// <summary>A rule without edges; the first one made is the text's.</summary>
    /// <param name="recursive">Whether it may call itself: its calls count in the depth.</param>
    public int AddRule(bool recursive = false)
    {
        (int start, int end) = (AddState(), AddState());
        _isEnd[end] = true;
        _rules.Add((start, end, recursive ? 1 : 0));
        return _rules.Count - 1;
    }

    /// <summary>A rule of its own for a part, so that it can stand in many places without being copied.</summary>
    public int AddRule(Part part, bool recursive = false)
    {
        int rule = AddRule(recursive);
        Define(rule, part);
        return rule;
    }

    public void Define(int rule, Part part) => AddEmpty(part(this, _rules[rule].Start), _rules[rule].End);

    /// <exception cref="InputException">There are too many.</exception>
    public int AddState()
    {
        if (_firstEdge.Count == MostStates)
            throw new InputException($"the format of the answer needs more than {MostStates} states",
                fix: "Make it smaller: fewer or shorter alternatives, smaller counts.");
        _firstEdge.Add(NoEdge);
        _isEnd.Add(false);
        return _firstEdge.Count - 1;
    }

    public void AddBytes(int from, int least, int most, int to) => AddEdge(from, new Edge(least, most, to, _firstEdge[from]));

    public void AddEmpty(int from, int to) => AddEdge(from, new Edge(Empty, Empty, to, _firstEdge[from]));

    /// <summary>The state behind a call of a rule.</summary>
    public int AddCall(int from, int rule)
    {
        int to = AddState();
        AddEdge(from, new Edge(Empty, rule, to, _firstEdge[from]));
        return to;
    }

    public bool IsEnd(int state) => _isEnd[state];

    /// <summary>Calls that go deeper and cannot be avoided on the shortest way from a state to its rule's end.</summary>
    public int Needs(int state) => _needs[state];

    /// <summary>Whether an edge of the state reads a byte.</summary>
    public bool ReadsByte(int state)
    {
        for (int at = _firstEdge[state]; at != NoEdge; at = _edges[at].Next)
            if (_edges[at].Least >= 0) return true;
        return false;
    }

    /// <summary>States that a byte leads to.</summary>
    public void ByByte(int state, int value, List<int> to)
    {
        for (int at = _firstEdge[state]; at != NoEdge; at = _edges[at].Next)
            if (_edges[at] is var edge && edge.Least >= 0 && edge.Least <= value && value <= edge.Most) to.Add(edge.To);
    }

    /// <summary>What is reached from a state without reading: a state, or a rule's start with the state to go on with behind it.</summary>
    public void WithoutByte(int state, List<(int To, int GoOn, int Cost)> reached)
    {
        for (int at = _firstEdge[state]; at != NoEdge; at = _edges[at].Next)
        {
            Edge edge = _edges[at];
            if (edge.Least >= 0) continue;
            if (edge.Most == Empty) reached.Add((edge.To, NoState, 0));
            else reached.Add((_rules[edge.Most].Start, edge.To, _rules[edge.Most].Cost));
        }
    }

    /// <summary>Bytes that every edge treats alike have one class. [256]</summary>
    public byte[] Classes()
    {
        bool[] begins = new bool[257];
        foreach (Edge edge in _edges)
            if (edge.Least >= 0) begins[edge.Least] = begins[edge.Most + 1] = true;
        byte[] classes = new byte[256];
        for (int value = 1; value < 256; value++) classes[value] = (byte)(classes[value - 1] + (begins[value] ? 1 : 0));
        return classes;
    }

    /// <summary>To be called once, when all edges are there.</summary>
    /// <exception cref="InputException">No text fits.</exception>
    public void Close()
    {
        const int Never = int.MaxValue / 2;
        int[] needs = [.. _isEnd.Select(end => end ? 0 : Never)];
        // Where an edge begins, by what it depends on: each edge is looked at when one of these gets better, not all of a state's.
        List<(int From, int Edge)>[] before = new List<(int, int)>[_firstEdge.Count];
        for (int state = 0; state < before.Length; state++)
        {
            for (int at = _firstEdge[state]; at != NoEdge; at = _edges[at].Next)
            {
                (before[_edges[at].To] ??= []).Add((state, at));
                if (IsCall(_edges[at])) (before[_rules[_edges[at].Most].Start] ??= []).Add((state, at));
            }
        }
        var changed = new Stack<int>(Enumerable.Range(0, before.Length).Where(s => _isEnd[s]));
        while (changed.TryPop(out int to))
        {
            foreach ((int state, int at) in before[to] ?? [])
            {
                Edge edge = _edges[at];
                int called = IsCall(edge) ? needs[_rules[edge.Most].Start] + _rules[edge.Most].Cost : 0;
                int least = Math.Max(called, needs[edge.To]);
                if (least >= needs[state]) continue;
                needs[state] = least;
                changed.Push(state);
            }
        }
        _needs = needs;
        if (needs[Start] > MostDepth)
            throw new InputException(needs[Start] >= Never
                ? "no answer fits the format: something in it needs itself without end, or allows nothing"
                : $"the format of the answer nests deeper than {MostDepth} references",
                fix: "Make the recursive part optional, or flatten the format.");
    }

    private static bool IsCall(Edge edge) => edge.Least < 0 && edge.Most != Empty;

    private void AddEdge(int from, Edge edge)
    {
        if (_edges.Count == 4 * MostStates)
            throw new InputException("the format of the answer has too many alternatives", fix: "Make it smaller.");
        _firstEdge[from] = _edges.Count;
        _edges.Add(edge);
    }

    /// <summary>Reads a byte from Least to Most; with a negative Least nothing is read, and Most is the called rule, if any.</summary>
    private readonly record struct Edge(int Least, int Most, int To, int Next);
}
