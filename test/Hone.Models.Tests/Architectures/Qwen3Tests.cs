namespace Hone.Models.Tests;

public sealed class Qwen3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "head_dim": 8, "attention_bias": false, "tie_word_embeddings": true,
         "rope_scaling": {"rope_type": "yarn", "factor": 2.0, "original_max_position_embeddings": 32}}
        """;

    protected override (string Key, string Value)[] Refused =>
    [
        ("hidden_act", "\"gelu\""),
        ("attention_dropout", "0.1"),
        ("quantization_config", """{"quant_method": "gptq"}"""),
        ("auto_map", """{"AutoModelForCausalLM": "modeling_x.X"}"""),
        ("attn_logit_softcapping", "50"),
        ("final_logit_softcapping", "30"),
        ("query_pre_attn_scalar", "256"),
        ("rope_local_base_freq", "10000"),
        ("text_config", """{"hidden_size": 8}"""),
        ("architectures", """["GPT2LMHeadModel"]"""),
        ("partial_rotary_factor", "0.5"),
        ("layer_types", """["linear_attention"]"""),
        ("num_experts", "8"),
    ];
}
