namespace Hone.Models.Tests;

public sealed class Olmo3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "olmo3", "architectures": ["Olmo3ForCausalLM"], "attention_bias": false, "sliding_window": 4,
         "rope_scaling": {"rope_type": "yarn", "factor": 8.0, "original_max_position_embeddings": 16, "attention_factor": 1.2}}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("clip_qkv", "8.0"),
        ("layer_types", """["full_attention"]"""),
        ("mlp_bias", "true"),
    ];
}
