using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>
/// Phi-3, Phi-3.5-mini and Phi-4-mini (arXiv 2404.14219, 2503.01743): q, k and v as one matrix, gate and up as another, a
/// window in every layer or none, in Phi-4-mini heads that rotate in part, in the long versions longrope.
/// </summary>
internal sealed class Phi3 : Architecture
{
    public override string ModelType => "phi3";

    public override string CausalModel => "Phi3ForCausalLM";

    public override ConfigDefaults Defaults => new() { NormEpsilon = 1e-5, MaxPositions = 4096, EosId = 32000, PadId = 32000 };

    public override Rope ReadRope(ConfigFields fields, int maxPositions, int headDim) =>
        RopeFields.ReadPartial(fields, Defaults.RopeTheta, maxPositions, headDim);

    public override GgufForm Gguf => new("phi3")
    {
        Write = (config, keys) =>
        {
            keys.Add("rope.dimension_count", (uint)config.Rope.Dimensions(config.HeadDim));
            keys.Add("rope.scaling.original_context_length", (uint)OriginalPositions(config));
            keys.Add("attention.sliding_window", (uint)(config.Window ?? 0)); // without the key llama.cpp takes the window of the 4k model
        },
        Read = (keys, json) =>
        {
            int headDim = json["head_dim"]!.GetValue<int>();
            json["partial_rotary_factor"] = (double)(keys.IntOrNull("rope.dimension_count") ?? headDim) / headDim;
            if (keys.IntOrNull("rope.scaling.original_context_length") is { } original) json["original_max_position_embeddings"] = original;
            if (keys.IntOrNull("attention.sliding_window") is > 0 and var window) json["sliding_window"] = window;
        },
    };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        bool bias = fields.Flag("attention_bias", false);
        return common with
        {
            FusedProjections = true,
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
            Window = WindowFields.Window(fields, otherwise: null),
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        if (config.QueryKeyValueBias) json.WriteBoolean("attention_bias", true);
        json.WriteNumber("embd_pdrop", 0.0);
        json.WriteNumber("resid_pdrop", 0.0);
        json.WriteNumber("original_max_position_embeddings", OriginalPositions(config));
        json.WriteNumber("partial_rotary_factor", config.Rope.RotaryFraction);
        WindowFields.WriteWindow(json, config.Window);
    }

    private static int OriginalPositions(TransformerConfig config) =>
        config.Rope.Scaling is { Type: "longrope" } scaling ? scaling.OriginalMaxPositions : config.MaxPositions;
}
