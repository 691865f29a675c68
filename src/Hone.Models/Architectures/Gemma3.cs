using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>
/// Gemma-3, text (arXiv 2503.19786): Gemma-2 without the cap of scores, with a norm over each head of q and k, a window in
/// all layers but every sixth, and a rotary base of its own in those with a window.
/// </summary>
internal sealed class Gemma3 : Architecture
{
    public override string ModelType => "gemma3_text";

    public override string CausalModel => "Gemma3ForCausalLM";

    public override string RewardModel => "Gemma3TextForSequenceClassification";

    public override ConfigDefaults Defaults => new()
    {
        KeyValueHeads = 4, HeadDim = 256, MaxPositions = 131072, RopeTheta = 1_000_000, TieEmbeddings = true,
        BosId = 2, EosId = 1, PadId = 0,
    };

    public override Rope ReadRope(ConfigFields fields, int maxPositions, int headDim) =>
        RopeFields.Read(fields, Defaults.RopeTheta, maxPositions, layers: "full_attention");

    public override GgufForm Gguf => new("gemma3")
    {
        OwnHeadDim = true,
        Windowed = layer => (layer + 1) % 6 != 0,
        QueryScalar = config => Gemma2.ScalarInGguf(config, largest: 62),
        Refuses = config => config.AttentionCap is null ? null : "the architecture gemma3 does not cap scores",
        Read = (keys, json) =>
        {
            json["sliding_window"] = keys.IntOrNull("attention.sliding_window");
            json["rope_local_base_freq"] = keys.Number("rope.freq_base_swa") ?? 10000;
            json["final_logit_softcapping"] = keys.Number("final_logit_softcapping");
            json["query_pre_attn_scalar"] = Gemma2.ScalarInGguf(json, largest: 62);
        },
    };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        int pattern = fields.Int("sliding_window_pattern", 1, 1 << 10, fields.Int("_sliding_window_pattern", 1, 1 << 10, 6));
        double theta = fields.Number("rope_local_base_freq", 1e-3, 1e12, 10000);
        Rope local = RopeFields.ReadOfLayers(fields, "sliding_attention", theta, common.MaxPositions) ?? new Rope { Theta = theta };
        if (local.Scaling is { } scaling)
            throw fields.Error("rope_parameters.sliding_attention.rope_type",
                $"is {scaling.Type}, which Hone does not support (only default)");
        return Gemma2.ReadGemma(fields, common, cap: null, logitCap: null) with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead,
            Window = WindowFields.Window(fields, otherwise: 4096),
            WindowedLayers = WindowFields.LayerTypes(fields, common)
                ?? [.. Enumerable.Range(1, common.LayerCount).Select(i => i % pattern != 0)],
            WindowRope = local,
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        Gemma2.WriteGemma(json, config);
        json.WriteNumber("rope_local_base_freq", config.WindowRope!.Theta);
        WindowFields.WriteWindow(json, config.Window);
        WindowFields.WriteLayerTypes(json, config);
    }
}
