using System.Text.Json;

namespace Hone.Models;

/// <summary>The fields that say which layers have a sliding window, and how long it is.</summary>
internal static class WindowFields
{
    private const string Sliding = "sliding_attention", Full = "full_attention";

    /// <summary><c>sliding_window</c>; null for none, <paramref name="otherwise"/> where the file leaves the field out.</summary>
    public static int? Window(ConfigFields fields, int? otherwise)
    {
        if (!fields.Contains("sliding_window")) return otherwise;
        return fields.Has("sliding_window") ? fields.Int("sliding_window", 1, 1 << 27) : null;
    }

    /// <summary>A window whose use is switched off: the value means nothing.</summary>
    public static int? Unused(ConfigFields fields)
    {
        fields.Ignore("sliding_window");
        return null;
    }

    /// <summary>Whether each layer has the window by <c>layer_types</c>; null where the file has no such list.</summary>
    public static bool[]? LayerTypes(ConfigFields fields, TransformerConfig config)
    {
        if (!fields.TryGet("layer_types", out JsonElement list)) return null;
        string[] types = list.ValueKind == JsonValueKind.Array
            ? [.. list.EnumerateArray().Select(e => e.ToString())]
            : throw fields.Error("layer_types", $"is {ConfigFields.Short(list)}, which is no list");
        if (types.FirstOrDefault(t => t is not (Sliding or Full)) is { } other)
            throw fields.Error("layer_types", $"holds {Excerpt.Of(other)}, which Hone does not support (only {Full} and {Sliding})");
        if (types.Length != config.LayerCount)
            throw fields.Error("layer_types", $"has {types.Length} entries for {config.LayerCount} layers");
        return [.. types.Select(t => t == Sliding)];
    }

    /// <summary>
    /// Qwen's rule: where <c>use_sliding_window</c> is true, the layers from <c>max_window_layers</c> on have the window.
    /// </summary>
    public static TransformerConfig ReadUpperLayers(ConfigFields fields, TransformerConfig common)
    {
        bool[]? sliding = LayerTypes(fields, common);
        if (!fields.Flag("use_sliding_window", false))
        {
            if (sliding?.Contains(true) == true) throw fields.Error("layer_types", $"holds {Sliding}, but use_sliding_window is false");
            Unused(fields);
            return common;
        }
        int from = fields.Int("max_window_layers", 0, int.MaxValue, 28);
        return common with
        {
            Window = Window(fields, otherwise: 4096),
            WindowedLayers = sliding ?? [.. Enumerable.Range(0, common.LayerCount).Select(i => i >= from)],
        };
    }

    public static void WriteUpperLayers(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteBoolean("use_sliding_window", config.Window is not null);
        WriteWindow(json, config.Window);
        int first = config.Window is null ? -1 : config.WindowedLayers!.ToList().IndexOf(true);
        json.WriteNumber("max_window_layers", first < 0 ? config.LayerCount : first);
        WriteLayerTypes(json, config);
    }

    public static void WriteWindow(Utf8JsonWriter json, int? window)
    {
        if (window is { } value) json.WriteNumber("sliding_window", value);
        else json.WriteNull("sliding_window");
    }

    public static void WriteLayerTypes(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteStartArray("layer_types");
        for (int i = 0; i < config.LayerCount; i++) json.WriteStringValue(config.WindowOf(i) is null ? Full : Sliding);
        json.WriteEndArray();
    }
}
