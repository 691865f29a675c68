namespace Hone.Models;

/// <summary>Hugging Face names and shapes of a model's weights.</summary>
internal static class WeightNames
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string LanguageModelHead = "lm_head.weight";
    public const string RewardHead = "score.weight";
    internal const string FinalNorm = "model.norm";

    /// <summary>What the names of a layer's weights begin with.</summary>
    public static string Layer(int layer) => $"model.layers.{layer}.";

    /// <summary>Every weight of the model in the order of the forward pass; a tied head is not listed.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(TransformerConfig config)
    {
        long hidden = config.HiddenSize;
        NormNames norms = NormNames.Of(config.NormPlacement);
        yield return (Embedding, [config.VocabularySize, hidden]);
        for (int i = 0; i < config.LayerCount; i++)
        {
            string layer = Layer(i);
            (string Name, long[] Shape)[] Norm(string? name) => name is null ? [] : [($"{name}.weight", [hidden])];
            IEnumerable<(string Name, long[] Shape)> own =
            [
                .. Norm(norms.AttentionIn), .. Attention(config), .. Norm(norms.AttentionOut),
                .. Norm(norms.MlpIn), .. Mlp(config), .. Norm(norms.MlpOut),
            ];
            foreach ((string name, long[] shape) in own) yield return (layer + name, shape);
        }
        yield return ($"{FinalNorm}.weight", [hidden]);
        if (config.IsRewardModel) yield return (RewardHead, [1, hidden]);
        else if (!config.TieEmbeddings) yield return (LanguageModelHead, [config.VocabularySize, hidden]);
    }

    private static IEnumerable<(string Name, long[] Shape)> Attention(TransformerConfig c)
    {
        const string Prefix = "self_attn.";
        long hidden = c.HiddenSize, queries = (long)c.HeadCount * c.HeadDim, keys = (long)c.KeyValueHeadCount * c.HeadDim;
        IEnumerable<(string, long[])> weights = c.FusedProjections
            ? Linear(Prefix + "qkv_proj", queries + keys + keys, hidden, c.QueryKeyValueBias)
            : [
                .. Linear(Prefix + "q_proj", queries, hidden, c.QueryKeyValueBias),
                .. Linear(Prefix + "k_proj", keys, hidden, c.QueryKeyValueBias),
                .. Linear(Prefix + "v_proj", keys, hidden, c.QueryKeyValueBias),
            ];
        if (c.QueryKeyNorm == QueryKeyNorm.PerHead)
            weights = [.. weights, (Prefix + "q_norm.weight", [c.HeadDim]), (Prefix + "k_norm.weight", [c.HeadDim])];
        if (c.QueryKeyNorm == QueryKeyNorm.WholeProjection)
            weights = [.. weights, (Prefix + "q_norm.weight", [queries]), (Prefix + "k_norm.weight", [keys])];
        return [.. weights, .. Linear(Prefix + "o_proj", hidden, queries, c.AttentionOutputBias)];
    }

    private static IEnumerable<(string Name, long[] Shape)> Mlp(TransformerConfig c) => c.Experts is not { } experts
        ? Gated(c, "mlp.", c.IntermediateSize)
        : [
            .. Linear("mlp.gate", experts.Count, c.HiddenSize, bias: false),
            .. Enumerable.Range(0, experts.Count).SelectMany(e => Gated(c, $"mlp.experts.{e}.", experts.IntermediateSize)),
        ];

    private static IEnumerable<(string Name, long[] Shape)> Gated(TransformerConfig c, string prefix, long inner)
    {
        IEnumerable<(string, long[])> gateAndUp = c.FusedProjections
            ? Linear(prefix + "gate_up_proj", 2 * inner, c.HiddenSize, c.MlpBias)
            : [
                .. Linear(prefix + "gate_proj", inner, c.HiddenSize, c.MlpBias),
                .. Linear(prefix + "up_proj", inner, c.HiddenSize, c.MlpBias),
            ];
        return [.. gateAndUp, .. Linear(prefix + "down_proj", c.HiddenSize, inner, c.MlpBias)];
    }

    private static (string Name, long[] Shape)[] Linear(string name, long rows, long columns, bool bias) => bias
        ? [(name + ".weight", [rows, columns]), (name + ".bias", [rows])]
        : [(name + ".weight", [rows, columns])];
}

/// <summary>
/// What a layer's norms are called; null where there is none. <c>post_attention_layernorm</c> is the norm before the
/// feed-forward where nothing is normalised after attention, and the one after attention elsewhere.
/// </summary>
internal sealed record NormNames(string? AttentionIn, string? AttentionOut, string? MlpIn, string? MlpOut)
{
    public static NormNames Of(NormPlacement placement) => placement switch
    {
        NormPlacement.Before => new("input_layernorm", null, "post_attention_layernorm", null),
        NormPlacement.After => new(null, "post_attention_layernorm", null, "post_feedforward_layernorm"),
        _ => new("input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"),
    };
}
