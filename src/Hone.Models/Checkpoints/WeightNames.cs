namespace Hone.Models;

/// <summary>Hugging Face names and shapes of a Llama model's weights.</summary>
public static class WeightNames
{
    public const string Embedding = "model.embed_tokens.weight";
    public const string LanguageModelHead = "lm_head.weight";
    public const string RewardHead = "score.weight";

    /// <summary>Every weight of the model in the order of the forward pass; a tied head is not listed.</summary>
    public static IEnumerable<(string Name, long[] Shape)> Of(LlamaConfig config)
    {
        long hidden = config.HiddenSize, inner = config.IntermediateSize;
        long queries = (long)config.HeadCount * config.HeadDim, keys = (long)config.KeyValueHeadCount * config.HeadDim;
        yield return (Embedding, [config.VocabularySize, hidden]);
        for (int i = 0; i < config.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            yield return (layer + "input_layernorm.weight", [hidden]);
            foreach ((string name, long rows, long columns) in ((string, long, long)[])
                [("q", queries, hidden), ("k", keys, hidden), ("v", keys, hidden), ("o", hidden, queries)])
            {
                yield return ($"{layer}self_attn.{name}_proj.weight", [rows, columns]);
                if (config.AttentionBias) yield return ($"{layer}self_attn.{name}_proj.bias", [rows]);
            }

            yield return (layer + "post_attention_layernorm.weight", [hidden]);
            foreach ((string name, long rows, long columns) in ((string, long, long)[])
                [("gate", inner, hidden), ("up", inner, hidden), ("down", hidden, inner)])
            {
                yield return ($"{layer}mlp.{name}_proj.weight", [rows, columns]);
                if (config.MlpBias) yield return ($"{layer}mlp.{name}_proj.bias", [rows]);
            }
        }

        yield return ("model.norm.weight", [hidden]);
        if (config.IsRewardModel) yield return (RewardHead, [1, hidden]);
        else if (!config.TieEmbeddings) yield return (LanguageModelHead, [config.VocabularySize, hidden]);
    }
}
