using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>Qwen3, dense (arXiv 2505.09388): Llama with a norm over each head of q and k.</summary>
internal sealed class Qwen3 : Architecture
{
    public override string ModelType => "qwen3";

    public override string CausalModel => "Qwen3ForCausalLM";

    public override ConfigDefaults Defaults =>
        new() { KeyValueHeads = 32, HeadDim = 128, MaxPositions = 32768, BosId = null, EosId = null };

    public override GgufForm Gguf => new("qwen3") { OwnHeadDim = true };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        bool bias = fields.Flag("attention_bias", false);
        return WindowFields.ReadUpperLayers(fields, common) with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead,
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
        WindowFields.WriteUpperLayers(json, config);
    }
}
