namespace Hone.Data;

/// <summary>What a row has in common with an item of an evaluation set.</summary>
/// <param name="Item">The item.</param>
/// <param name="Coverage">Share of the item's n-grams that the row holds, above 0 to 1.</param>
/// <param name="Words">The first n-gram in common, as words.</param>
public sealed record Overlap(EvaluationItem Item, double Coverage, string Words);

/// <summary>
/// Finds rows that share runs of words with evaluation items. The n-grams are compared word by word, not by hash. GPT-3
/// (arXiv 2005.14165, appendix C) takes n up to 13, and leaves out n-grams that occur more than ten times because they are
/// templates; here: in more than <see cref="MostItems"/> items. An item whose texts are all shorter than n words is looked
/// for as a whole, if it has at least <see cref="LeastWords"/>.
/// </summary>
public sealed class NgramIndex
{
    /// <summary>Shorter texts are too common to prove anything.</summary>
    public const int LeastWords = 8;

    /// <summary>What more items than this have in common is a template.</summary>
    public const int MostItems = 10;

    private readonly int _n;
    private readonly Dictionary<string, int> _wordIds = new(StringComparer.Ordinal);
    private readonly List<string> _words = [];
    private readonly List<(EvaluationItem Item, Gram[] Grams)> _items = [];
    private readonly Dictionary<Gram, List<int>> _found = [];
    private readonly SortedSet<int> _lengths = [];

    /// <param name="n">Words of a run, at least <see cref="LeastWords"/>.</param>
    public NgramIndex(int n = 13)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, LeastWords);
        _n = n;
    }

    public int N => _n;

    /// <summary>Items that can be found.</summary>
    public int Count => _items.Count;

    /// <summary>Items left out because every text of theirs has fewer than <see cref="LeastWords"/> words.</summary>
    public int TooShort { get; private set; }

    public void Add(EvaluationItem item)
    {
        List<int[]> fields = [.. item.Fields.Select(f => Words.Of(f).Select(IdOf).ToArray())];
        HashSet<Gram> grams = [];
        foreach (int[] field in fields)
            for (int start = 0; start + _n <= field.Length; start++) grams.Add(new Gram(field, start, _n));
        if (grams.Count == 0 && fields.MaxBy(f => f.Length) is { Length: >= LeastWords } whole) grams.Add(new Gram(whole, 0, whole.Length));
        if (grams.Count == 0)
        {
            TooShort++;
            return;
        }
        foreach (Gram gram in grams)
        {
            _lengths.Add(gram.Length);
            if (!_found.TryGetValue(gram, out List<int>? items)) _found[gram] = items = new(1);
            // One more than is allowed tells that it is a template.
            if (items.Count <= MostItems) items.Add(_items.Count);
        }
        _items.Add((item, [.. grams]));
    }

    /// <summary>The items that a row overlaps with, the most covered first; each text of the row is compared on its own.</summary>
    public IReadOnlyList<Overlap> Find(IReadOnlyList<string> fields)
    {
        HashSet<Gram> shared = [];
        SortedDictionary<int, Gram> hits = [];
        foreach (string field in fields)
        {
            int[] words = [.. Words.Of(field).Select(w => _wordIds.GetValueOrDefault(w, -1))];
            foreach (int length in _lengths) Find(words, length, shared, hits);
        }
        return
        [
            .. hits.Select(h => new Overlap(_items[h.Key].Item, Coverage(_items[h.Key].Grams, shared), Text(h.Value)))
                .OrderByDescending(o => o.Coverage),
        ];
    }

    private void Find(int[] words, int length, HashSet<Gram> shared, SortedDictionary<int, Gram> hits)
    {
        int known = 0; // words up to here that some item has, without a gap
        for (int end = 1; end <= words.Length; end++)
        {
            known = words[end - 1] < 0 ? 0 : known + 1;
            if (known < length) continue;
            Gram gram = new(words, end - length, length);
            if (!_found.TryGetValue(gram, out List<int>? items) || items.Count > MostItems) continue;
            shared.Add(gram);
            foreach (int item in items) hits.TryAdd(item, gram);
        }
    }

    private double Coverage(Gram[] grams, HashSet<Gram> shared) =>
        (double)grams.Count(shared.Contains) / grams.Count(g => _found[g].Count <= MostItems);

    private string Text(Gram gram) => string.Join(' ', gram.Span.ToArray().Select(id => _words[id]));

    private int IdOf(string word)
    {
        if (_wordIds.TryGetValue(word, out int id)) return id;
        _words.Add(word);
        return _wordIds[word] = _words.Count - 1;
    }

    /// <summary>A run of words inside a longer array, equal to another by its words.</summary>
    private readonly struct Gram(int[] words, int start, int length) : IEquatable<Gram>
    {
        public int Length => length;

        public ReadOnlySpan<int> Span => words.AsSpan(start, length);

        public bool Equals(Gram other) => Span.SequenceEqual(other.Span);

        public override bool Equals(object? obj) => obj is Gram other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            foreach (int word in Span) hash.Add(word);
            return hash.ToHashCode();
        }
    }
}
