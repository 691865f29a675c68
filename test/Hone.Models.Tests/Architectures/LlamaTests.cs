namespace Hone.Models.Tests;

public sealed class LlamaTests : FamilyContract
{
    protected override string Own => """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "attention_bias": true, "mlp_bias": true,
         "rope_scaling": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "beta_fast": 8, "truncate": false}}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("rope_scaling", """{"rope_type": "yarn", "factor": 4.0, "mscale": 1.0}"""),
        ("rope_scaling", """{"rope_type": "yarn", "factor": 4.0, "mscale_all_dim": 1.0}"""),
        ("rope_scaling", """{"rope_type": "longrope", "factor": 4.0}"""),
        ("rope_parameters", """{"full_attention": {"rope_theta": 1.0}}"""),
        ("sliding_window", "4096"),
        ("layer_types", """["full_attention", "sliding_attention"]"""),
        ("num_local_experts", "8"),
        ("no_rope_layers", "[1, 0]"),
    ];
}
