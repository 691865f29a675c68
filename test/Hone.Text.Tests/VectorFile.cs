using System.Text.Json;

namespace Hone.Text.Tests;

/// <summary>Rows of a JSONL file of published vectors.</summary>
internal static class VectorFile
{
    public static List<JsonElement> Read(string name) =>
        [.. File.ReadLines(SharedData.Require($"vectors/{name}")).Select(line => JsonDocument.Parse(line).RootElement.Clone())];

    public static int[] Ids(this JsonElement row, string name) => [.. row.GetProperty(name).EnumerateArray().Select(x => x.GetInt32())];

    public static string Text(this JsonElement row, string name) => row.GetProperty(name).GetString()!;

    public static bool Flag(this JsonElement row, string name) =>
        row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.True;
}
