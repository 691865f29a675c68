namespace Hone.Models.Tests;

public sealed class SmolLM3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "smollm3", "architectures": ["SmolLM3ForCausalLM"], "no_rope_layers": [1, 1, 0, 1, 0], "use_sliding_window": true,
         "sliding_window": 5, "tie_word_embeddings": true}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("no_rope_layers", "[1, 0]"),
        ("no_rope_layers", "[1, 1, 1, 0, 2]"),
        ("layer_types", """["full_attention"]"""),
    ];
}
