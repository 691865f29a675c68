using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>Llama 1 to 3.3 (arXiv 2302.13971, 2407.21783) and what shares its class: SmolLM2, TinyLlama, Yi and others.</summary>
internal sealed class Llama : Architecture
{
    public override string ModelType => "llama";

    public override string CausalModel => "LlamaForCausalLM";

    public override GgufForm Gguf => new("llama") { NeighbourPairs = true, Biases = true, OwnHeadDim = true, FrequencyFactors = true };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        bool attentionBias = fields.Flag("attention_bias", false);
        return common with
        {
            QueryKeyValueBias = attentionBias,
            AttentionOutputBias = attentionBias,
            MlpBias = fields.Flag("mlp_bias", false),
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
        json.WriteBoolean("mlp_bias", config.MlpBias);
    }
}
