using System.Text.Json;

namespace Hone.Models;

/// <summary>
/// Refuses configuration fields that would change the forward pass in a way that Hone does not compute. A field that the
/// family's own reader has taken is the family's business and not looked at here.
/// </summary>
internal static class UnsupportedFields
{
    /// <summary>Field and the one value, besides null, that means "as in Llama 3".</summary>
    private static readonly (string Key, string? Neutral)[] s_fields =
    [
        ("hidden_act", "\"silu\""),
        ("hidden_activation", "\"silu\""),
        ("attention_bias", "false"),
        ("mlp_bias", "false"),
        ("use_bias", "false"),
        ("sliding_window", null),
        ("sliding_window_pattern", null),
        ("max_window_layers", null),
        ("attention_chunk_size", null),
        ("attention_dropout", "0"),
        ("resid_pdrop", "0"),
        ("embd_pdrop", "0"),
        ("partial_rotary_factor", "1"),
        ("rope_local_base_freq", null),
        ("quantization_config", null),
        ("compression_config", null),
        ("auto_map", null),
        ("use_qk_norm", "false"),
        ("qk_norm", "false"),
        ("clip_qkv", null),
        ("query_pre_attn_scalar", null),
        ("attn_logit_softcapping", null),
        ("final_logit_softcapping", null),
        ("use_bidirectional_attention", "false"),
        ("embedding_multiplier", "1"),
        ("residual_multiplier", "1"),
        ("attention_multiplier", null),
        ("logits_scaling", "1"),
        ("scale_emb", "1"),
        ("scale_depth", null),
        ("no_rope_layers", null),
        ("num_experts", "0"),
        ("num_local_experts", "0"),
        ("n_routed_experts", "0"),
        ("moe_intermediate_size", null),
        ("is_encoder_decoder", "false"),
        ("add_cross_attention", "false"),
    ];

    public static void Refuse(ConfigFields fields)
    {
        foreach ((string key, string? neutral) in s_fields)
        {
            if (fields.IsTaken(key) || !fields.TryGet(key, out JsonElement value) || IsNeutral(value, neutral)) continue;
            // The switch says that the window is not used.
            bool unused = key is "sliding_window" or "max_window_layers"
                && fields.Contains("use_sliding_window") && !fields.Flag("use_sliding_window", true);
            if (unused) continue;
            string only = neutral is null ? "" : $" (only {neutral})";
            throw fields.Error(key, $"is {ConfigFields.Short(value)}, which Hone does not support in this family{only}", Advice(key));
        }

        if (!fields.IsTaken("layer_types") && fields.TryGet("layer_types", out JsonElement layers)
            && (layers.ValueKind != JsonValueKind.Array || layers.EnumerateArray().Any(l => l.ToString() != "full_attention")))
        {
            throw fields.Error("layer_types", "names layers other than full_attention, which Hone does not support in this family");
        }
    }

    private static bool IsNeutral(JsonElement value, string? neutral)
    {
        if (neutral is null) return false;
        return value.ValueKind == JsonValueKind.Number && double.TryParse(neutral, out double number)
            ? value.TryGetDouble(out double found) && found == number
            : value.GetRawText() == neutral;
    }

    private static string? Advice(string key) => key switch
    {
        "quantization_config" or "compression_config" => "Use the unquantised weights (fp32, fp16 or bf16) of the model.",
        "auto_map" => "The folder wants to run its own Python code; Hone runs no code from model folders.",
        _ => null,
    };
}
