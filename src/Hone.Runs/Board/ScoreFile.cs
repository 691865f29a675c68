using System.Text.Json;

namespace Hone.Runs;

/// <summary><c>scores.json</c> of a policy's answers, of which single lists are read.</summary>
internal static class ScoreFile
{
    /// <summary>The numbers of a list, in the order of the answers; empty where there is none.</summary>
    public static double?[] Read(string path, string name)
    {
        try
        {
            if (!File.Exists(path)) return [];
            using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.TryGetProperty(name, out JsonElement list) && list.ValueKind == JsonValueKind.Array
                ? [.. list.EnumerateArray().Select(g => g.TryGetNumber(out double value) ? value : (double?)null)]
                : [];
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException or InvalidOperationException)
        {
            return [];
        }
    }
}
