namespace Hone.Models.Tests;

public sealed class Qwen3MoeTests : FamilyContract
{
    protected override string Own => """
        {"model_type": "qwen3_moe", "architectures": ["Qwen3MoeForCausalLM"], "head_dim": 8, "num_experts": 5, "num_experts_per_tok": 2,
         "moe_intermediate_size": 12, "norm_topk_prob": true, "decoder_sparse_step": 1, "mlp_only_layers": []}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        .. FieldsOfGemma,
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("mlp_only_layers", "[0]"),
        ("decoder_sparse_step", "2"),
    ];
}
