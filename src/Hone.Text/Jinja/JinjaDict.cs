namespace Hone.Text.Jinja;

/// <summary>A Python dict: keys in order of insertion; True and 1 and 1.0 are the same key, as in Python.</summary>
internal sealed class JinjaDict
{
    private static readonly object s_none = new();
    private readonly OrderedDictionary<object, object?> _entries = [];

    public int Count => _entries.Count;

    public IEnumerable<object?> Keys => _entries.Keys.Select(FromKey);

    public IEnumerable<object?> Values => _entries.Values;

    public IEnumerable<(object? Key, object? Value)> Entries => _entries.Select(e => (FromKey(e.Key), e.Value));

    /// <summary>Sets what the caller's data say.</summary>
    public void Set(object? key, object? value) => _entries[ToKey(key)] = value;

    /// <summary>Sets what a template says. Looking up a text costs what reading it costs.</summary>
    public void Set(object? key, object? value, Budget budget)
    {
        Pay(key, budget);
        Set(key, value);
    }

    public bool TryGet(object? key, out object? value, Budget budget)
    {
        Pay(key, budget);
        return _entries.TryGetValue(ToKey(key), out value);
    }

    // Hashed, and compared where the hashes agree.
    private static void Pay(object? key, Budget budget)
    {
        if (key is string text) budget.Characters(2L * text.Length);
    }

    private static object ToKey(object? key) => key switch
    {
        null => s_none,
        bool b => b ? 1L : 0L,
        double d when d == Math.Floor(d) && Math.Abs(d) < 1e15 => (long)d,
        string or long or double or System.Numerics.BigInteger => key,
        _ => throw new JinjaException($"unhashable type: '{PythonValue.TypeName(key)}'"),
    };

    private static object? FromKey(object key) => ReferenceEquals(key, s_none) ? null : key;
}
