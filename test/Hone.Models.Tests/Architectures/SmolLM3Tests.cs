namespace Hone.Models.Tests;

public sealed class SmolLM3Tests : FamilyContract
{
    protected override string Own => """
        {"model_type": "smollm3", "architectures": ["SmolLM3ForCausalLM"], "no_rope_layers": [1, 1, 0, 1, 0], "use_sliding_window": true,
         "sliding_window": 5, "tie_word_embeddings": true}
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
        ("no_rope_layers", "[1, 0]"),
        ("no_rope_layers", "[1, 1, 1, 0, 2]"),
        ("layer_types", """["full_attention"]"""),
    ];
}
