namespace Hone.Data;

/// <summary>
/// The positions of a forest that a loss reads, as three parallel lists [N]: the flat index whose hidden state predicts
/// the token, the token, and a group (for example the segment whose log-probability is summed).
/// </summary>
public sealed class ScoredTokens
{
    private readonly List<int> _sources = [];
    private readonly List<int> _targets = [];
    private readonly List<int> _groups = [];

    public IReadOnlyList<int> Sources => _sources;

    public IReadOnlyList<int> Targets => _targets;

    public IReadOnlyList<int> Groups => _groups;

    public int Count => _sources.Count;

    /// <summary>
    /// Adds the tokens of a segment (those whose <paramref name="mask"/> is true; all when null). The first token of a
    /// root has nothing that predicts it and is left out.
    /// </summary>
    public void AddSegment(TokenForest forest, int segment, int group, IReadOnlyList<bool>? mask = null)
    {
        ForestSegment s = forest.Segments[segment];
        for (int i = 0; i < s.Length; i++)
        {
            int source = i == 0 ? forest.TokenBefore(segment) : s.Start + i - 1;
            if (source < 0 || (mask is not null && !mask[i])) continue;
            _sources.Add(source);
            _targets.Add(forest.Tokens[s.Start + i]);
            _groups.Add(group);
        }
    }
}
