namespace Hone.Models.Tests;

public sealed class Olmo2Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "olmo2", "architectures": ["Olmo2ForCausalLM"], "attention_bias": false}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("clip_qkv", "8.0"),
        ("sliding_window", "4096"),
        ("mlp_bias", "true"),
    ];
}
