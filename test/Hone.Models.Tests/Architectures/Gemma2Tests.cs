namespace Hone.Models.Tests;

public sealed class Gemma2Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "gemma2", "architectures": ["Gemma2ForCausalLM"], "head_dim": 8, "hidden_act": "gelu",
         "hidden_activation": "gelu_pytorch_tanh", "query_pre_attn_scalar": 6, "attn_logit_softcapping": 5.0,
         "final_logit_softcapping": 6.0, "sliding_window": 4, "tie_word_embeddings": true}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("hidden_activation", "\"gelu\""),
        ("use_bidirectional_attention", "true"),
        ("rope_local_base_freq", "10000"),
        ("layer_types", """["full_attention"]"""),
    ];
}
