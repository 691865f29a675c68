using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Cli;

/// <summary>A result as named values: lines for people, or one JSON object for programs. Both say the same.</summary>
internal static class ResultPrinter
{
    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Print(TextWriter output, bool json, params IReadOnlyList<(string Name, JsonNode? Value)> values)
    {
        if (json)
        {
            PrintJson(output, new JsonObject(values.Select(f => KeyValuePair.Create(f.Name, f.Value))));
            return;
        }
        int width = values.Max(f => f.Name.Length);
        foreach ((string name, JsonNode? value) in values) output.WriteLine($"{name.PadRight(width)}  {Text(value)}");
    }

    public static void PrintJson(TextWriter output, JsonNode node) => output.WriteLine(node.ToJsonString(s_json));

    private static string Text(JsonNode? value) => value switch
    {
        null or JsonArray { Count: 0 } or JsonObject { Count: 0 } => "none",
        JsonObject o => string.Join("  ", o.Select(p => $"{p.Key} {Text(p.Value)}")),
        JsonArray a => string.Join(", ", a.Select(Text)),
        JsonValue v when v.TryGetValue(out bool yes) => yes ? "yes" : "no",
        JsonValue v when v.TryGetValue(out double number) => Math.Abs(number) is >= 1e-4 or 0
            ? number.ToString("0.####", CultureInfo.InvariantCulture)
            : number.ToString("0.###e+0", CultureInfo.InvariantCulture),
        _ => value.ToString(),
    };
}
