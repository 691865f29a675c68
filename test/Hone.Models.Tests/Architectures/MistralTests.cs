namespace Hone.Models.Tests;

public sealed class MistralTests : FamilyContract
{
    protected override string Own => """
        {"model_type": "mistral", "architectures": ["MistralForCausalLM"], "hidden_size": 30, "head_dim": 8, "sliding_window": 4}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("layer_types", """["full_attention", "sliding_attention", "full_attention", "full_attention", "full_attention"]"""),
        ("num_local_experts", "8"),
        ("attention_bias", "true"),
    ];
}
