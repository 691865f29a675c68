using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>SmolLM3: Llama of which some layers do not rotate ("NoPE"), in the release every fourth.</summary>
internal sealed class SmolLM3 : Architecture
{
    public override string ModelType => "smollm3";

    public override string CausalModel => "SmolLM3ForCausalLM";

    public override ConfigDefaults Defaults => new()
    {
        KeyValueHeads = 4, MaxPositions = 32768, RopeTheta = 2_000_000, TieEmbeddings = true,
        BosId = 128000, EosId = 128001, PadId = 128004,
    };

    // Which layers rotate is not written: llama.cpp knows the release's pattern only, as do the defaults here.
    public override GgufForm Gguf => new("smollm3") { NeighbourPairs = true, OwnHeadDim = true, Rotated = layer => (layer + 1) % 4 != 0 };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        // In the released file, and read by nothing.
        fields.Ignore("max_window_layers");
        bool bias = fields.Flag("attention_bias", false);
        bool[] rotated = Rotated(fields, common.LayerCount);
        bool[]? sliding = WindowFields.LayerTypes(fields, common);
        int? window = fields.Flag("use_sliding_window", false) ? WindowFields.Window(fields, otherwise: null) : WindowFields.Unused(fields);
        // transformers gives the window to the layers that do not rotate.
        if (window is not null) sliding ??= [.. rotated.Select(r => !r)];
        return common with
        {
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
            MlpBias = fields.Flag("mlp_bias", false),
            RotatedLayers = rotated,
            Window = window,
            WindowedLayers = window is null ? null : sliding,
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
        json.WriteBoolean("mlp_bias", config.MlpBias);
        json.WriteStartArray("no_rope_layers");
        foreach (bool rotates in config.RotatedLayers!) json.WriteNumberValue(rotates ? 1 : 0);
        json.WriteEndArray();
        json.WriteBoolean("use_sliding_window", config.Window is not null);
        WindowFields.WriteWindow(json, config.Window);
        WindowFields.WriteLayerTypes(json, config);
    }

    // In the list 1 means that the layer rotates: the field's name says the opposite.
    private static bool[] Rotated(ConfigFields fields, int layers)
    {
        int interval = fields.Int("no_rope_layer_interval", 1, 1 << 10, 4);
        if (!fields.TryGet("no_rope_layers", out JsonElement list)) return [.. Enumerable.Range(1, layers).Select(i => i % interval != 0)];
        bool[] rotated = list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(e => e.ToString() is "0" or "1")
            ? [.. list.EnumerateArray().Select(e => e.ToString() == "1")]
            : throw fields.Error("no_rope_layers", $"is {ConfigFields.Short(list)}, not a list of 0 and 1");
        return rotated.Length == layers
            ? rotated
            : throw fields.Error("no_rope_layers", $"has {rotated.Length} entries for {layers} layers");
    }
}
