using System.Text.Json;

namespace Hone.Models;

/// <summary>Typed access to the keys of one configuration object; every error names the key and the file.</summary>
internal sealed class ConfigFields(JsonElement root, string path, string prefix = "")
{
    private readonly HashSet<string> _taken = new(StringComparer.Ordinal);

    public IEnumerable<string> Keys => root.EnumerateObject().Select(p => p.Name);

    /// <summary>True when the key is written, even as null.</summary>
    public bool Contains(string key)
    {
        _taken.Add(key);
        return root.TryGetProperty(key, out _);
    }

    /// <summary>True when the key has a value other than null.</summary>
    public bool Has(string key) => TryGet(key, out _);

    public bool TryGet(string key, out JsonElement value)
    {
        _taken.Add(key);
        return root.TryGetProperty(key, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>Whether somebody has read the key: then it is no longer one that nobody knows.</summary>
    public bool IsTaken(string key) => _taken.Contains(key);

    /// <summary>Takes a key whose value means nothing here.</summary>
    public void Ignore(string key) => _taken.Add(key);

    /// <summary>Takes a key that may have one value only, or be left out.</summary>
    public void Require(string key, string value)
    {
        if (Text(key) is { } found && found != value)
            throw Error(key, $"is {Excerpt.Of(found)}, which Hone does not support (only {value})");
    }

    public int Int(string key, int low, int high, int? otherwise = null)
    {
        if (!TryGet(key, out JsonElement value)) return otherwise ?? throw Error(key, "is missing");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out long number))
            throw Error(key, $"is {Short(value)}, which is no whole number");
        return number >= low && number <= high ? (int)number : throw Error(key, $"is {number}, outside {low} to {high}");
    }

    public double Number(string key, double low, double high, double? otherwise = null)
    {
        if (!TryGet(key, out JsonElement value)) return otherwise ?? throw Error(key, "is missing");
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number))
            throw Error(key, $"is {Short(value)}, which is no number");
        return number >= low && number <= high ? number : throw Error(key, $"is {number}, outside {low} to {high}");
    }

    public bool Flag(string key, bool otherwise)
    {
        if (!TryGet(key, out JsonElement value)) return otherwise;
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw Error(key, $"is {Short(value)}, which is neither true nor false");
    }

    public string? Text(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Error(key, $"is {Short(value)}, which is no text");
    }

    public ConfigFields? Child(string key)
    {
        if (!TryGet(key, out JsonElement value)) return null;
        return value.ValueKind == JsonValueKind.Object
            ? new ConfigFields(value, path, $"{prefix}{key}.")
            : throw Error(key, $"is {Short(value)}, which is no object");
    }

    public InputException Error(string key, string what, string? fix = null) => new($"{prefix}{key} {what}.", path, fix);

    internal static string Short(JsonElement value) => Excerpt.Of(value.GetRawText());
}
