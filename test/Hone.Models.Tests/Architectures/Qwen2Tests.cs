namespace Hone.Models.Tests;

public sealed class Qwen2Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "qwen2", "architectures": ["Qwen2ForCausalLM"],
         "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 2}
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
        ("rope_scaling", """{"rope_type": "ntk_by_parts", "factor": 4.0}"""),
        ("partial_rotary_factor", "0.5"),
        ("rope_parameters", """{"rope_theta": 5.0, "rope_type": "default"}"""),
        ("layer_types", """["chunked_attention"]"""),
        ("mlp_bias", "true"),
        ("num_experts", "8"),
    ];
}
