using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>Qwen3 with a mixture of experts in every layer (arXiv 2505.09388).</summary>
internal sealed class Qwen3Moe : Architecture
{
    public override string ModelType => "qwen3_moe";

    public override string CausalModel => "Qwen3MoeForCausalLM";

    public override ConfigDefaults Defaults => new() { KeyValueHeads = 4, MaxPositions = 32768, BosId = null, EosId = null };

    public override GgufForm Gguf => new("qwen3moe")
    {
        OwnHeadDim = true,
        Refuses = config => config.Experts!.Normalise
            ? null
            : "norm_topk_prob is false, but llama.cpp always divides the experts' weights by their sum",
        Read = (keys, json) =>
        {
            json["num_experts"] = keys.Int("expert_count");
            json["num_experts_per_tok"] = keys.Int("expert_used_count");
            json["moe_intermediate_size"] = keys.Int("expert_feed_forward_length");
            json["norm_topk_prob"] = true;
        },
    };

    public override TransformerConfig Read(ConfigFields fields, TransformerConfig common)
    {
        fields.Require("hidden_act", "silu");
        if (fields.TryGet("mlp_only_layers", out JsonElement dense)
            && !(dense.ValueKind == JsonValueKind.Array && dense.GetArrayLength() == 0))
            throw fields.Error("mlp_only_layers", $"is {ConfigFields.Short(dense)}; Hone runs experts in every layer only");
        if (fields.Int("decoder_sparse_step", 1, int.MaxValue, 1) is > 1 and var step)
            throw fields.Error("decoder_sparse_step", $"is {step}; Hone runs experts in every layer only");
        bool bias = fields.Flag("attention_bias", false);
        int count = fields.Int("num_experts", 1, 1 << 12, 128);
        return WindowFields.ReadUpperLayers(fields, common) with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead,
            QueryKeyValueBias = bias,
            AttentionOutputBias = bias,
            Experts = new ExpertOptions(count, fields.Int("num_experts_per_tok", 1, count, 8),
                fields.Int("moe_intermediate_size", 1, 1 << 20, 768), fields.Flag("norm_topk_prob", false)),
        };
    }

    public override void Write(Utf8JsonWriter json, TransformerConfig config)
    {
        ExpertOptions experts = config.Experts!;
        json.WriteString("hidden_act", "silu");
        json.WriteBoolean("attention_bias", config.QueryKeyValueBias);
        json.WriteNumber("decoder_sparse_step", 1);
        json.WriteStartArray("mlp_only_layers");
        json.WriteEndArray();
        json.WriteNumber("num_experts", experts.Count);
        json.WriteNumber("num_experts_per_tok", experts.Used);
        json.WriteNumber("moe_intermediate_size", experts.IntermediateSize);
        json.WriteBoolean("norm_topk_prob", experts.Normalise);
        WindowFields.WriteUpperLayers(json, config);
    }
}
