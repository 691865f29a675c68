namespace Hone.Models.Tests;

public sealed class Phi3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "phi3", "architectures": ["Phi3ForCausalLM"], "head_dim": 8, "partial_rotary_factor": 0.75, "sliding_window": 5,
         "original_max_position_embeddings": 12,
         "rope_scaling": {"type": "longrope", "short_factor": [1.0, 1.1, 1.4], "long_factor": [1.2, 2.4, 9.0]}}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("resid_pdrop", "0.1"),
        ("embd_pdrop", "0.1"),
        ("rope_scaling", """{"type": "longrope", "short_factor": [1.0], "long_factor": [1.0]}"""),
        ("original_max_position_embeddings", "0"),
    ];
}
