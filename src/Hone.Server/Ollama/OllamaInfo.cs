using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Models;

namespace Hone.Server;

/// <summary>
/// What Ollama's clients look at before they ask: <c>GET /api/tags</c>, <c>/api/ps</c>, <c>/api/version</c> and <c>POST /api/show</c>.
/// </summary>
internal static class OllamaInfo
{
    public static Task TagsAsync(Exchange exchange) => exchange.WriteAsync(List(exchange, (m, line) =>
        line["modified_at"] = Time(Modified(m))));

    /// <summary>What is in memory: all that is served, and it stays there.</summary>
    public static Task RunningAsync(Exchange exchange) => exchange.WriteAsync(List(exchange, (m, line) =>
    {
        line["expires_at"] = Time(exchange.Now.UtcDateTime.AddYears(1));
        line["size_vram"] = m.IsOnDevice ? (long)line["size"]! : 0;
        line["context_length"] = m.Context;
    }));

    public static async Task ShowAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        string name = fields.Text("model") ?? fields.Text("name") ?? throw ApiException.Invalid("`model` is needed", "model");
        fields.Flag("verbose");
        fields.End();
        ServedModel model = exchange.Models.Language(name);
        await exchange.WriteAsync(new JsonObject
        {
            ["modelfile"] = "",
            ["parameters"] = "",
            ["template"] = model.Chat?.Template.Source ?? "",
            ["modified_at"] = Time(Modified(model)),
            ["details"] = Details(model),
            ["model_info"] = new JsonObject
            {
                ["general.architecture"] = model.Config.Family,
                ["general.parameter_count"] = ModelMemory.Parameters(model.Config),
                [$"{model.Config.Family}.context_length"] = model.Context,
                [$"{model.Config.Family}.embedding_length"] = model.Config.HiddenSize,
                [$"{model.Config.Family}.block_count"] = model.Config.LayerCount,
                [$"{model.Config.Family}.vocab_size"] = model.Vocabulary,
            },
            ["capabilities"] = new JsonArray(["completion", .. model.Tools is null ? [] : new JsonNode[] { "tools" }]),
        }).ConfigureAwait(false);
    }

    public static Task VersionAsync(Exchange exchange) => exchange.WriteAsync(new JsonObject
    {
        ["version"] = typeof(HoneServer).Assembly.GetName().Version!.ToString(3),
    });

    private static JsonObject List(Exchange exchange, Action<ServedModel, JsonObject> more) => new()
    {
        ["models"] = new JsonArray([.. exchange.Models.All.Where(m => !m.IsReward).Select(m =>
        {
            var line = new JsonObject
            {
                ["name"] = m.Name, ["model"] = m.Name, ["size"] = Size(m), ["digest"] = "", ["details"] = Details(m),
            };
            more(m, line);
            return line;
        })]),
    };

    private static JsonObject Details(ServedModel model) => new()
    {
        ["format"] = File.Exists(model.Folder) ? "gguf" : "safetensors",
        ["family"] = model.Config.Family,
        ["families"] = new JsonArray(model.Config.Family),
        ["parameter_size"] = (ModelMemory.Parameters(model.Config) / 1e6).ToString("0.0M", CultureInfo.InvariantCulture),
        ["quantization_level"] = "",
    };

    // A model is a folder, or one GGUF file.
    private static long Size(ServedModel model) => File.Exists(model.Folder) ? new FileInfo(model.Folder).Length
        : new DirectoryInfo(model.Folder).EnumerateFiles().Sum(f => f.Length);

    private static DateTime Modified(ServedModel model) => File.GetLastWriteTimeUtc(model.Folder);

    private static string Time(DateTime time) => time.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
