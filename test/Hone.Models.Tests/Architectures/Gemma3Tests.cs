namespace Hone.Models.Tests;

public sealed class Gemma3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"], "head_dim": 8, "hidden_activation": "gelu_pytorch_tanh",
         "query_pre_attn_scalar": 6, "attn_logit_softcapping": null, "final_logit_softcapping": null, "sliding_window": 4,
         "sliding_window_pattern": 3, "rope_local_base_freq": 500.0, "rope_scaling": {"rope_type": "linear", "factor": 8.0},
         "tie_word_embeddings": true}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        ("partial_rotary_factor", "0.5"),
        ("hidden_activation", "\"gelu\""),
        ("use_bidirectional_attention", "true"),
        ("layer_types", """["full_attention"]"""),
    ];
}
