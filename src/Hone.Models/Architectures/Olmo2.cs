using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>OLMo-2 (arXiv 2501.00656): norms after attention and feed-forward, none before; q and k normalised whole.</summary>
internal sealed class Olmo2 : Architecture
{
    public override string ModelType => "olmo2";

    public override string CausalModel => "Olmo2ForCausalLM";

    public override ConfigDefaults Defaults => new() { NormEpsilon = 1e-5, BosId = null, EosId = 50279, PadId = 1 };

    public override GgufForm Gguf => new("olmo2")
    {
        Refuses = config => config.TieEmbeddings ? "the architecture olmo2 has no tied embeddings" : null,
    };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        bool bias = fields.Flag("attention_bias", false);
        return common with
        {
            NormPlacement = NormPlacement.After,
            NormWeight = NormWeight.BeforeCast,
            QueryKeyNorm = QueryKeyNorm.WholeProjection,
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
    }
}
