using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Names, shapes and fresh values of a Llama's weights.</summary>
public static class LlamaInit
{
    /// <summary>Every tensor that a checkpoint of this shape holds, by Hugging Face name; tied embeddings once, as embed_tokens.</summary>
    public static IReadOnlyDictionary<string, long[]> Shapes(LlamaConfig c)
    {
        long queries = (long)c.HeadCount * c.HeadDim, keys = (long)c.KeyValueHeadCount * c.HeadDim;
        var shapes = new Dictionary<string, long[]> { ["model.embed_tokens.weight"] = [c.VocabularySize, c.HiddenSize] };
        for (int i = 0; i < c.LayerCount; i++)
        {
            string layer = $"model.layers.{i}.";
            void Projection(string name, long rows, long columns, bool bias)
            {
                shapes[$"{layer}{name}.weight"] = [rows, columns];
                if (bias) shapes[$"{layer}{name}.bias"] = [rows];
            }
            shapes[layer + "input_layernorm.weight"] = [c.HiddenSize];
            Projection("self_attn.q_proj", queries, c.HiddenSize, c.AttentionBias);
            Projection("self_attn.k_proj", keys, c.HiddenSize, c.AttentionBias);
            Projection("self_attn.v_proj", keys, c.HiddenSize, c.AttentionBias);
            Projection("self_attn.o_proj", c.HiddenSize, queries, c.AttentionBias);
            shapes[layer + "post_attention_layernorm.weight"] = [c.HiddenSize];
            Projection("mlp.gate_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias);
            Projection("mlp.up_proj", c.IntermediateSize, c.HiddenSize, c.MlpBias);
            Projection("mlp.down_proj", c.HiddenSize, c.IntermediateSize, c.MlpBias);
        }
        shapes["model.norm.weight"] = [c.HiddenSize];
        if (c.IsRewardModel) shapes["score.weight"] = [1, c.HiddenSize];
        else if (!c.TieEmbeddings) shapes["lm_head.weight"] = [c.VocabularySize, c.HiddenSize];
        return shapes;
    }

    /// <summary>
    /// Fresh fp32 weights: norms 1, biases 0, the rest normal with <paramref name="deviation"/>; projections back into the
    /// residual stream are scaled by 1 / sqrt(2 layers) (GPT-2, section 2.3). The same seed gives the same weights.
    /// </summary>
    public static Dictionary<string, Tensor> Random(LlamaConfig config, ulong seed, double deviation = 0.02)
    {
        using var generator = new Generator(seed, CPU);
        var weights = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in Shapes(config))
        {
            bool intoResidual = name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal);
            weights[name] = name switch
            {
                _ when name.EndsWith("norm.weight", StringComparison.Ordinal) => ones(shape),
                _ when name.EndsWith(".bias", StringComparison.Ordinal) => zeros(shape),
                "score.weight" => zeros(shape),
                _ => randn(shape, generator: generator).ScaleInPlace(intoResidual ? deviation / Math.Sqrt(2 * config.LayerCount) : deviation),
            };
        }
        return weights;
    }
}
