using System.Globalization;
using System.Text.Json.Nodes;

namespace Hone.Server;

/// <summary>What Ollama's clients look at before they ask: <c>GET /api/tags</c> and <c>/api/version</c>.</summary>
internal static class OllamaInfo
{
    public static Task TagsAsync(Exchange exchange) => exchange.WriteAsync(new JsonObject
    {
        ["models"] = new JsonArray([.. exchange.Models.All.Where(m => !m.IsReward).Select(m => new JsonObject
        {
            ["name"] = m.Name,
            ["model"] = m.Name,
            ["modified_at"] = Directory.GetLastWriteTimeUtc(m.Folder).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            ["size"] = new DirectoryInfo(m.Folder).EnumerateFiles().Sum(f => f.Length),
            ["digest"] = "",
            ["details"] = new JsonObject
            {
                ["format"] = "safetensors", ["family"] = "", ["families"] = null, ["parameter_size"] = "", ["quantization_level"] = "",
            },
        })]),
    });

    public static Task VersionAsync(Exchange exchange) => exchange.WriteAsync(new JsonObject
    {
        ["version"] = typeof(HoneServer).Assembly.GetName().Version!.ToString(3),
    });
}
