using System.Text.Json;

namespace Hone.Server;

/// <summary>One call of a tool that a model wrote.</summary>
/// <param name="Arguments">A JSON object, as text.</param>
internal readonly record struct ToolCall(string Id, string Name, string Arguments);

/// <summary>
/// How a family of models writes calls of tools, told by its chat template. Hermes and Qwen: JSON between <c>&lt;tool_call&gt;</c>
/// tags. Mistral: a list after <c>[TOOL_CALLS]</c>. Llama 3.1: the answer is one JSON object with <c>name</c> and
/// <c>parameters</c>.
/// </summary>
internal sealed class ToolFormat
{
    public static readonly ToolFormat
        Hermes = new("hermes", "<tool_call>", "arguments"),
        Mistral = new("mistral", "[TOOL_CALLS]", "arguments") { SpecialMarker = "[TOOL_CALLS]" },
        Llama = new("llama3_json", "{", "parameters") { SpecialMarker = "<|python_tag|>" };

    private readonly string _arguments;

    private ToolFormat(string name, string marker, string arguments) => (Name, Marker, _arguments) = (name, marker, arguments);

    /// <summary>What vLLM calls its parser of this format.</summary>
    public string Name { get; }

    /// <summary>What calls begin with.</summary>
    public string Marker { get; }

    /// <summary>A token that opens calls and would print nothing, being a special one.</summary>
    public string? SpecialMarker { get; private init; }

    /// <summary>Whether calls stand at the very beginning or nowhere: a brace in a text opens none.</summary>
    public bool OnlyAtStart => this == Llama;

    /// <summary>Null for a template whose format is not known.</summary>
    public static ToolFormat? Of(string template)
    {
        bool Has(string text) => template.Contains(text, StringComparison.Ordinal);
        return Has("[TOOL_CALLS]") ? Mistral
            : Has("<tool_call>") && !Has("<function=") && !Has("<arg_key>") ? Hermes // those two write XML between the tags
            : Has("Environment: ipython") && Has("\"parameters\"") ? Llama
            : null;
    }

    /// <summary>The calls in a text that begins with <see cref="Marker"/>; null where it is not all calls.</summary>
    public IReadOnlyList<ToolCall>? Parse(string text)
    {
        const string Close = "</tool_call>";
        List<ToolCall> calls = [];
        if (this == Mistral) return Read(text[Marker.Length..], calls) ? calls : null;
        if (this == Llama) return Read(text, calls) || text.Split(';').All(part => Read(part, calls)) ? calls : null;
        foreach (string block in text.Split(Marker, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // The end of an answer may stand for the last closing tag.
            string json = block.EndsWith(Close, StringComparison.Ordinal) ? block[..^Close.Length] : block;
            if (!Read(json, calls)) return null;
        }
        return calls;
    }

    private bool Read(string json, List<ToolCall> calls)
    {
        int before = calls.Count;
        try
        {
            using JsonDocument document = JsonDocument.Parse(json.Trim());
            JsonElement root = document.RootElement;
            JsonElement[] items = root.ValueKind == JsonValueKind.Array ? [.. root.EnumerateArray()] : [root];
            foreach (JsonElement item in items)
            {
                if (item.ValueKind != JsonValueKind.Object
                    || !item.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String
                    || !item.TryGetProperty(_arguments, out JsonElement arguments) || arguments.ValueKind != JsonValueKind.Object)
                    break;
                calls.Add(new ToolCall(NewId(), name.GetString()!, arguments.GetRawText()));
            }
            if (items.Length > 0 && calls.Count == before + items.Length) return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
        }
        calls.RemoveRange(before, calls.Count - before);
        return false;
    }

    // Mistral's templates take ids of exactly nine letters and digits.
    private string NewId()
    {
        string id = Guid.NewGuid().ToString("N");
        return this == Mistral ? id[..9] : $"call_{id[..24]}";
    }
}
