using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>
/// Gemma-2 (arXiv 2408.00118): norms before and after, of weight 1 + w; scaled embeddings; soft caps of scores and logits;
/// a window in every other layer, from the first on; GELU.
/// </summary>
internal sealed class Gemma2 : Architecture
{
    public override string ModelType => "gemma2";

    public override string CausalModel => "Gemma2ForCausalLM";

    public override ConfigDefaults Defaults =>
        new() { KeyValueHeads = 4, HeadDim = 256, MaxPositions = 8192, TieEmbeddings = true, BosId = 2, EosId = 1, PadId = 0 };

    public override GgufForm Gguf => new("gemma2")
    {
        OwnHeadDim = true,
        Windowed = layer => layer % 2 == 0,
        QueryScalar = config => ScalarInGguf(config, largest: 46),
        Refuses = config => config.AttentionCap is null || config.LogitCap is null ? "the architecture gemma2 always caps scores and logits"
            : config.TieEmbeddings ? null : "the architecture gemma2 has tied embeddings only",
        Read = (keys, json) =>
        {
            json["attn_logit_softcapping"] = keys.Number("attn_logit_softcapping") ?? 50;
            json["final_logit_softcapping"] = keys.Number("final_logit_softcapping") ?? 30;
            json["sliding_window"] = keys.IntOrNull("attention.sliding_window") ?? 4096;
            json["query_pre_attn_scalar"] = ScalarInGguf(json, largest: 46);
        },
    };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common) =>
        ReadGemma(fields, common, cap: 50, logitCap: 30) with
        {
            Window = WindowFields.Window(fields, otherwise: 4096),
            WindowedLayers = WindowFields.LayerTypes(fields, common)
                ?? [.. Enumerable.Range(0, common.LayerCount).Select(i => i % 2 == 0)],
        };

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        WriteGemma(json, config);
        WindowFields.WriteWindow(json, config.Window);
        WindowFields.WriteLayerTypes(json, config);
    }

    /// <summary>
    /// By the square root of what llama.cpp divides scores, as GGUF has no key for it: another number in the largest release.
    /// </summary>
    internal static double ScalarInGguf(TransformerConfig config, int largest) => config.LayerCount == largest
        ? config.HiddenSize / config.HeadCount
        : config.HeadDim;

    internal static int ScalarInGguf(JsonObject json, int largest) => json["num_hidden_layers"]!.GetValue<int>() == largest
        ? json["hidden_size"]!.GetValue<int>() / json["num_attention_heads"]!.GetValue<int>()
        : json["head_dim"]!.GetValue<int>();

    /// <summary>What Gemma-2 and Gemma-3 have in common. A cap that the file leaves out is the class's, null is none.</summary>
    internal static TransformerConfig ReadGemma(ConfigFields fields, TransformerConfig common, double? cap, double? logitCap)
    {
        // Some released files also carry hidden_act: "gelu", which transformers does not read.
        fields.Ignore("hidden_act");
        fields.Require("hidden_activation", "gelu_pytorch_tanh");
        bool bias = fields.Flag("attention_bias", false);
        double? Cap(string key, double? otherwise) =>
            !fields.Contains(key) ? otherwise : fields.Has(key) ? fields.Number(key, 1e-3, 1e6) : null;
        return common with
        {
            NormPlacement = NormPlacement.Both,
            NormWeight = NormWeight.OnePlusBeforeCast,
            Activation = Activation.GeluTanh,
            ScaleEmbeddings = true,
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
            QueryScalar = fields.Number("query_pre_attn_scalar", 1e-3, 1e6, 256),
            AttentionCap = Cap("attn_logit_softcapping", cap),
            LogitCap = Cap("final_logit_softcapping", logitCap),
        };
    }

    internal static void WriteGemma(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_activation", "gelu_pytorch_tanh");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
        json.WriteNumber("query_pre_attn_scalar", config.QueryScalar!.Value);
        foreach ((string key, double? cap) in ((string, double?)[])
            [("attn_logit_softcapping", config.AttentionCap), ("final_logit_softcapping", config.LogitCap)])
        {
            if (cap is { } value) json.WriteNumber(key, value);
            else json.WriteNull(key);
        }
    }
}
