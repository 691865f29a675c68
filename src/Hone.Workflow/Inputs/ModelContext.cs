using System.Text.Json;

namespace Hone.Workflow;

/// <summary>How long a sequence a model folder's model reads. Known before the model is opened, so that data can be held to it.</summary>
internal static class ModelContext
{
    /// <summary>
    /// <c>max_position_embeddings</c> of config.json; null where the folder has none (a tokenizer alone), or where the rotary
    /// embedding grows with the sequence (<c>dynamic</c>). What is wrong with the file is for whoever opens the model to say.
    /// </summary>
    public static int? Of(string folder)
    {
        string file = Path.Combine(folder, "config.json");
        if (!File.Exists(file)) return null;
        try
        {
            JsonElement config = JsonElement.Parse(File.ReadAllBytes(file));
            bool dynamic = Type(config, "rope_scaling") == "dynamic" || Type(config, "rope_parameters") == "dynamic";
            return !dynamic && config.TryGetProperty("max_position_embeddings", out JsonElement positions)
                && positions.ValueKind == JsonValueKind.Number && positions.TryGetInt32(out int most) && most > 0 ? most : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Type(JsonElement config, string section) =>
        config.TryGetProperty(section, out JsonElement rope) && rope.ValueKind == JsonValueKind.Object
        && (rope.TryGetProperty("rope_type", out JsonElement type) || rope.TryGetProperty("type", out type))
        && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
}
