using System.Text.Json;

namespace Hone.Server;

/// <summary>
/// A request's fields, each read once by name. What nobody reads is refused by <see cref="End"/>: a setting that were ignored
/// silently would make a wrong figure somewhere.
/// </summary>
internal sealed class RequestFields
{
    private const int MostStops = 32, LongestStop = 1000;

    /// <summary>Fields that change no answer.</summary>
    private static readonly string[] s_harmless =
        ["user", "metadata", "service_tier", "safety_identifier", "prompt_cache_key", "parallel_tool_calls", "store"];

    private readonly JsonElement _root;
    private readonly HashSet<string> _read = [.. s_harmless];

    public RequestFields(JsonElement root) =>
        _root = root.ValueKind == JsonValueKind.Object ? root : throw ApiException.Invalid("the body must be a JSON object");

    /// <summary>The field's value; null where it is missing or null.</summary>
    public JsonElement? Get(string name)
    {
        _read.Add(name);
        return _root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The fields of an object within the request; null where it is missing or null.</summary>
    public RequestFields? Inner(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Object ? new RequestFields(value) : throw Wrong(name, "an object");

    public string? Text(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, "a text");

    /// <exception cref="ApiException">It is missing or empty.</exception>
    public string Needed(string name) => Text(name) is { Length: > 0 } text ? text
        : throw ApiException.Invalid($"`{name}` is needed", name);

    public bool? Flag(string name) => Get(name)?.ValueKind switch
    {
        null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(name, "true or false"),
    };

    public long? Whole(string name, long least, long most) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= least && number <= most ? number
        : throw Wrong(name, most == long.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}");

    public double? Number(string name, double least, double most) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most ? number
        : throw Wrong(name, FormattableString.Invariant($"a number from {least} to {most}"));

    /// <summary>A text or a list of texts, none empty.</summary>
    public IReadOnlyList<string> Stops(string name)
    {
        if (Get(name) is not { } value) return [];
        JsonElement[] items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : [value];
        if (items.Length > MostStops) throw Wrong(name, $"at most {MostStops} texts");
        string[] stops =
            [.. items.Select(i => i.ValueKind == JsonValueKind.String ? i.GetString()! : throw Wrong(name, "a text or a list of texts"))];
        return stops.All(s => s.Length is > 0 and <= LongestStop) ? stops : throw Wrong(name, $"texts of 1 to {LongestStop} characters");
    }

    /// <summary>A field whose one accepted meaning is to be off.</summary>
    public void Off(string name, Func<JsonElement, bool> off)
    {
        if (Get(name) is { } value && !off(value))
            throw ApiException.NotSupported(name);
    }

    /// <exception cref="ApiException">A field was not read.</exception>
    public void End()
    {
        foreach (JsonProperty property in _root.EnumerateObject())
            if (!_read.Contains(property.Name))
                throw ApiException.Invalid($"`{property.Name}` is not known to this server", property.Name, "unknown_parameter");
    }

    public static ApiException Wrong(string name, string wanted) => ApiException.Invalid($"`{name}` must be {wanted}", name);
}
