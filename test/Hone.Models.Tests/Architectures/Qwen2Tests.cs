namespace Hone.Models.Tests;

public sealed class Qwen2Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"],
         "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 2}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("layer_types", """["chunked_attention"]"""),
        ("mlp_bias", "true"),
        ("num_experts", "8"),
    ];
}
