namespace Hone.Models.Gguf;

/// <summary>Names of weights in GGUF; a family's weights follow from its configuration, as in <see cref="WeightNames"/>.</summary>
internal static class GgufNames
{
    public const string Embedding = "token_embd.weight";
    public const string Output = "output.weight";
    public const string Frequencies = "rope_freqs.weight";
    public const string LongFactors = "rope_factors_long.weight";
    public const string ShortFactors = "rope_factors_short.weight";

    private static readonly Dictionary<string, string> s_parts = new(StringComparer.Ordinal)
    {
        ["input_layernorm"] = "attn_norm",
        ["pre_feedforward_layernorm"] = "ffn_norm",
        ["post_feedforward_layernorm"] = "post_ffw_norm",
        ["self_attn.q_proj"] = "attn_q",
        ["self_attn.k_proj"] = "attn_k",
        ["self_attn.v_proj"] = "attn_v",
        ["self_attn.qkv_proj"] = "attn_qkv",
        ["self_attn.o_proj"] = "attn_output",
        ["self_attn.q_norm"] = "attn_q_norm",
        ["self_attn.k_norm"] = "attn_k_norm",
        ["mlp.gate_proj"] = "ffn_gate",
        ["mlp.up_proj"] = "ffn_up",
        ["mlp.gate_up_proj"] = "ffn_up",
        ["mlp.down_proj"] = "ffn_down",
        ["mlp.gate"] = "ffn_gate_inp",
        ["mlp.experts.gate_proj"] = "ffn_gate_exps",
        ["mlp.experts.up_proj"] = "ffn_up_exps",
        ["mlp.experts.down_proj"] = "ffn_down_exps",
    };

    /// <summary>The tensor that holds a weight, and which expert's part of it the weight is; null for all of it.</summary>
    public static (string Tensor, int? Expert) Of(string weight, TransformerConfig config)
    {
        if (weight == WeightNames.Embedding) return (Embedding, null);
        if (weight == WeightNames.LanguageModelHead) return (Output, null);
        if (weight == $"{WeightNames.FinalNorm}.weight") return ("output_norm.weight", null);
        string[] parts = weight.Split('.'); // model.layers.N.….weight
        string part = string.Join('.', parts[3..^1]);
        int? expert = null;
        if (part.StartsWith("mlp.experts.", StringComparison.Ordinal))
        {
            expert = int.Parse(parts[5]);
            part = $"mlp.experts.{parts[6]}";
        }
        string name = part == "post_attention_layernorm"
            ? config.NormPlacement == NormPlacement.Before ? "ffn_norm" : "post_attention_norm"
            : s_parts[part];
        return ($"blk.{parts[2]}.{name}.{parts[^1]}", expert);
    }
}
