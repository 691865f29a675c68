using System.Text.Json;

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
        int original = config.Rope.Scaling is { Type: "longrope" } scaling ? scaling.OriginalMaxPositions : config.MaxPositions;
        json.WriteNumber("original_max_position_embeddings", original);
        json.WriteNumber("partial_rotary_factor", config.Rope.RotaryFraction);
        WindowFields.WriteWindow(json, config.Window);
    }
}
