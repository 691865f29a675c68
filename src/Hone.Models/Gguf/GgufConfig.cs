using System.Text.Json.Nodes;

namespace Hone.Models.Gguf;

/// <summary>A model's configuration to and from the keys of a GGUF file.</summary>
internal static class GgufConfig
{
    public const string Architecture = "general.architecture";

    /// <summary>Adds the keys of a configuration. What llama.cpp cannot run is refused; where it runs part of it, that is told.</summary>
    /// <exception cref="InputException">GGUF cannot express the model.</exception>
    public static void Write(TransformerConfig config, GgufMetadata metadata, Action<string> warn)
    {
        GgufForm form = FormOf(config);
        if (Refused(config, form) is { } reason)
            throw new InputException($"The model cannot be written as GGUF: {reason}.", null, "Use the Hugging Face folder.");
        WarnOfWindows(config, form, warn);
        GgufKeys keys = new(metadata, form.Name);
        keys.Add("block_count", (uint)config.LayerCount);
        keys.Add("context_length", (uint)config.MaxPositions);
        keys.Add("embedding_length", (uint)config.HiddenSize);
        keys.Add("feed_forward_length", (uint)config.IntermediateSize);
        keys.Add("attention.head_count", (uint)config.HeadCount);
        keys.Add("attention.head_count_kv", (uint)config.KeyValueHeadCount);
        GgufRope.Write(config, form, keys, warn);
        keys.Add("attention.layer_norm_rms_epsilon", (float)config.NormEpsilon);
        if (!PlainHeads(config))
        {
            keys.Add("attention.key_length", (uint)config.HeadDim);
            keys.Add("attention.value_length", (uint)config.HeadDim);
        }

        if (config.Experts is { } experts)
        {
            keys.Add("expert_count", (uint)experts.Count);
            keys.Add("expert_used_count", (uint)experts.Used);
            keys.Add("expert_feed_forward_length", (uint)experts.IntermediateSize);
        }

        if (form.NeighbourPairs)
        {
            keys.Add("vocab_size", (uint)config.VocabularySize);
            keys.Add("rope.dimension_count", (uint)config.HeadDim);
        }

        if (config.AttentionCap is { } cap) keys.Add("attn_logit_softcapping", (float)cap);
        if (config.LogitCap is { } logitCap) keys.Add("final_logit_softcapping", (float)logitCap);
        if (form.Windowed is not null) keys.Add("attention.sliding_window", (uint)config.Window!.Value);
        form.Write?.Invoke(config, keys);
    }

    /// <summary>The configuration as config.json of the family, in the spelling of transformers 4.</summary>
    /// <exception cref="InputException">An architecture or a setting that is not supported.</exception>
    public static JsonObject Read(GgufFile file)
    {
        string name = file.Metadata.Text(Architecture) ?? throw new InputException($"The file has no {Architecture}.", file.Path);
        Models.Architecture family = Models.Architecture.All.FirstOrDefault(a => a.Gguf?.Name == name) ?? throw new InputException(
            $"The architecture {Excerpt.Of(name)} is not supported.", file.Path,
            $"Hone reads {string.Join(", ", Models.Architecture.All.Select(a => a.Gguf?.Name).OfType<string>().Distinct().Order())}.");
        GgufKeys keys = new(file.Metadata, name);
        int hidden = keys.Int("embedding_length"), heads = keys.Int("attention.head_count");
        if (heads == 0) throw new InputException($"{name}.attention.head_count is 0.", file.Path);
        int headDim = keys.IntOrNull("attention.key_length") ?? hidden / heads;
        if (keys.IntOrNull("attention.value_length") is { } values && values != headDim)
            throw new InputException(
                $"{name}.attention.value_length is {values}, not attention.key_length {headDim}, which is not supported.", file.Path);
        IReadOnlyDictionary<string, GgufEntry> entries = file.Header.Entries;
        long rows = entries.TryGetValue(GgufNames.Embedding, out GgufEntry? embedding) ? embedding.Shape[0]
            : throw new InputException($"The file holds no tensor {GgufNames.Embedding}.", file.Path,
                "Take a file that holds weights, and the first part of several.");
        JsonObject json = new()
        {
            ["architectures"] = new JsonArray(family.CausalModel),
            ["model_type"] = family.ModelType,
            ["vocab_size"] = rows,
            ["hidden_size"] = hidden,
            ["intermediate_size"] = keys.Int("feed_forward_length"),
            ["num_hidden_layers"] = keys.Int("block_count"),
            ["num_attention_heads"] = heads,
            ["num_key_value_heads"] = keys.IntOrNull("attention.head_count_kv") ?? heads,
            ["head_dim"] = headDim,
            ["max_position_embeddings"] = keys.Int("context_length"),
            ["rms_norm_eps"] = keys.Number("attention.layer_norm_rms_epsilon")
                ?? throw new InputException($"The file has no {name}.attention.layer_norm_rms_epsilon.", file.Path),
            ["tie_word_embeddings"] = !entries.ContainsKey(GgufNames.Output),
        };
        GgufRope.Read(file, keys, json, headDim);
        family.Gguf!.Read?.Invoke(keys, json);
        if (family.Gguf.Biases)
        {
            json["attention_bias"] = entries.ContainsKey("blk.0.attn_output.bias");
            json["mlp_bias"] = entries.ContainsKey("blk.0.ffn_down.bias");
        }

        return json;
    }

    public static GgufForm FormOf(TransformerConfig config) => Models.Architecture.Of(config).Gguf
        ?? throw new InputException($"Models of the family {config.Family} cannot be written as GGUF.", null,
            "Use the Hugging Face folder.");

    /// <summary>
    /// What queries are multiplied by, because llama.cpp divides scores by another number than the model does: 1 in nearly all
    /// models.
    /// </summary>
    public static double QueryFactor(TransformerConfig config)
    {
        double used = FormOf(config).QueryScalar?.Invoke(config) ?? config.HeadDim, wanted = config.QueryScalar ?? config.HeadDim;
        return used == wanted ? 1 : Math.Sqrt(used / wanted);
    }

    private static string? Refused(TransformerConfig c, GgufForm form)
    {
        if (c.IsRewardModel) return "it is a reward model, and GGUF holds language models";
        if ((c.AttentionOutputBias || c.MlpBias) && !form.Biases) return $"the architecture {form.Name} has no biases there";
        if (!PlainHeads(c) && !form.OwnHeadDim)
            return $"head_dim {c.HeadDim} is not hidden_size / heads, which the architecture {form.Name} requires";
        for (int i = 0; i < c.LayerCount; i++)
        {
            if (c.RopeOf(i) is not null != (form.Rotated?.Invoke(i) ?? true))
                return $"layer {i} {(c.RopeOf(i) is null ? "does not rotate" : "rotates")}, which llama.cpp does otherwise";
            if (form.Windowed is { } windowed && windowed(i) != c.WindowOf(i) is not null)
                return $"layer {i} has {(c.WindowOf(i) is null ? "no" : "a")} window, which llama.cpp does otherwise";
        }

        return form.Refuses?.Invoke(c);
    }

    private static void WarnOfWindows(TransformerConfig config, GgufForm form, Action<string> warn)
    {
        if (form.Windowed is null && config.Window is { } window && window < config.MaxPositions)
        {
            warn("llama.cpp does not run the sliding window of this family: "
                + $"answers are the same up to {window} tokens of prompt and answer");
        }
    }

    private static bool PlainHeads(TransformerConfig c) => c.HeadDim * c.HeadCount == c.HiddenSize;
}
