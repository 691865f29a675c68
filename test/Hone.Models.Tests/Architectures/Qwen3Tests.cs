namespace Hone.Models.Tests;

public sealed class Qwen3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "head_dim": 8, "attention_bias": false, "tie_word_embeddings": true,
         "rope_scaling": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32}}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("partial_rotary_factor", "0.5"),
        ("layer_types", """["linear_attention"]"""),
        ("num_experts", "8"),
    ];
}
