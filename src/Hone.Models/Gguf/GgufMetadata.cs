namespace Hone.Models.Gguf;

/// <summary>
/// The key-value pairs at the beginning of a GGUF file, in the file's order. Values are <c>bool</c>, numbers, <c>string</c>, or
/// arrays of these.
/// </summary>
internal sealed class GgufMetadata(string path)
{
    private readonly Dictionary<string, object> _values = new(StringComparer.Ordinal);
    private readonly List<string> _keys = [];

    /// <summary>The file, for messages.</summary>
    public string Path { get; } = path;

    public IReadOnlyList<string> Keys => _keys;

    public object this[string key] => _values[key];

    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>False when the key is there already.</summary>
    public bool TryAdd(string key, object value)
    {
        if (!_values.TryAdd(key, value)) return false;
        _keys.Add(key);
        return true;
    }

    /// <summary>Adds a pair; null is left out.</summary>
    /// <exception cref="ArgumentException">The key is there already.</exception>
    public void Add(string key, object? value)
    {
        if (value is not null && !TryAdd(key, value)) throw new ArgumentException($"{key} is there already", nameof(key));
    }

    public string? Text(string key) => Get<string>(key, "a text");

    public bool? Flag(string key) => _values.TryGetValue(key, out object? value)
        ? value as bool? ?? throw Wrong(key, "true or false")
        : null;

    /// <summary>A whole number of any width.</summary>
    public long? Integer(string key) => _values.TryGetValue(key, out object? value)
        ? AsInteger(value) ?? throw Wrong(key, "a whole number")
        : null;

    public double? Number(string key)
    {
        if (!_values.TryGetValue(key, out object? value)) return null;
        double? number = value is float single ? single : value as double? ?? AsInteger(value);
        return number is { } known && double.IsFinite(known) ? known : throw Wrong(key, "a finite number");
    }

    public IReadOnlyList<string>? Texts(string key) => Get<string[]>(key, "a list of texts");

    public IReadOnlyList<float>? Numbers(string key) => Get<float[]>(key, "a list of 32-bit floats");

    public IReadOnlyList<int>? Integers(string key) => Get<int[]>(key, "a list of 32-bit integers");

    public InputException Wrong(string key, string expected) => new($"{key} must be {expected}.", Path);

    private T? Get<T>(string key, string expected)
        where T : class => _values.TryGetValue(key, out object? value) ? value as T ?? throw Wrong(key, expected) : null;

    private static long? AsInteger(object value) => value switch
    {
        byte v => v,
        sbyte v => v,
        ushort v => v,
        short v => v,
        uint v => v,
        int v => v,
        long v => v,
        ulong v and <= long.MaxValue => (long)v,
        _ => null,
    };
}
