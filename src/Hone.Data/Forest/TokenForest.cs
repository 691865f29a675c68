namespace Hone.Data;

/// <summary>
/// The one batch structure of Hone: token segments, each with an optional parent segment. An SFT example is a root;
/// a preference pair is a prompt with two children; n sampled answers are a prompt with n children. Tokens lie flat,
/// nothing is padded, positions continue from the parent, and attention runs along root-to-leaf paths only, so every
/// result equals that of separate plain sequences.
/// </summary>
/// <remarks>A tree's segments lie next to each other, parents before children. T = tokens, S = segments.</remarks>
public sealed class TokenForest
{
    private readonly List<int> _tokens = [];
    private readonly List<int> _positions = [];
    private readonly List<ForestSegment> _segments = [];
    private readonly List<int> _treeStarts = [];

    /// <summary>All token ids, flat. [T]</summary>
    public IReadOnlyList<int> Tokens => _tokens;

    /// <summary>Position of each token on its root-to-leaf path, from 0. [T]</summary>
    public IReadOnlyList<int> Positions => _positions;

    /// <summary>Segments in order of insertion. [S]</summary>
    public IReadOnlyList<ForestSegment> Segments => _segments;

    /// <summary>Index of each tree's first segment (its root). [trees]</summary>
    public IReadOnlyList<int> TreeStarts => _treeStarts;

    public int TokenCount => _tokens.Count;

    public int TreeCount => _treeStarts.Count;

    /// <summary>Starts a new tree and returns its root segment's index.</summary>
    /// <exception cref="ArgumentException">The segment is empty.</exception>
    public int AddRoot(ReadOnlySpan<int> tokens)
    {
        int root = Add(parent: -1, tokens);
        _treeStarts.Add(root);
        return root;
    }

    /// <summary>Adds a segment that continues <paramref name="parent"/>, which must belong to the newest tree.</summary>
    /// <exception cref="ArgumentException">The segment is empty, or the parent is in an older tree.</exception>
    public int AddChild(int parent, ReadOnlySpan<int> tokens)
    {
        if (_treeStarts.Count == 0 || parent < _treeStarts[^1] || parent >= _segments.Count)
            throw new ArgumentException("The parent must be a segment of the newest tree.", nameof(parent));
        return Add(parent, tokens);
    }

    /// <summary>Flat index of the token before <paramref name="segment"/>'s first: its parent's last token, or -1 for a root.</summary>
    public int TokenBefore(int segment)
    {
        int parent = _segments[segment].Parent;
        return parent < 0 ? -1 : _segments[parent].End - 1;
    }

    /// <summary>Whether <paramref name="ancestor"/> is <paramref name="segment"/> or lies on its path to the root.</summary>
    public bool IsAncestorOrSelf(int ancestor, int segment)
    {
        while (segment > ancestor) segment = _segments[segment].Parent;
        return segment == ancestor;
    }

    /// <summary>Range of segments [start, end) of a tree.</summary>
    public (int Start, int End) TreeSegments(int tree) =>
        (_treeStarts[tree], tree + 1 < _treeStarts.Count ? _treeStarts[tree + 1] : _segments.Count);

    /// <summary>Range of flat tokens [start, end) of a tree.</summary>
    public (int Start, int End) TreeTokens(int tree)
    {
        (int start, int end) = TreeSegments(tree);
        return (_segments[start].Start, _segments[end - 1].End);
    }

    private int Add(int parent, ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty) throw new ArgumentException("A segment needs at least one token.", nameof(tokens));
        int position = parent < 0 ? 0 : _positions[_segments[parent].End - 1] + 1;
        _segments.Add(new ForestSegment(parent, _tokens.Count, tokens.Length));
        foreach (int token in tokens)
        {
            _tokens.Add(token);
            _positions.Add(position++);
        }
        return _segments.Count - 1;
    }
}

/// <summary>A run of tokens: <paramref name="Start"/> is its first flat token, <paramref name="Parent"/> a segment index or -1.</summary>
public readonly record struct ForestSegment(int Parent, int Start, int Length)
{
    public int End => Start + Length;
}
