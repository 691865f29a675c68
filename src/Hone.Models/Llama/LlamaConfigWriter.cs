using System.Text.Json;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Writes <c>config.json</c> in the spelling that transformers 4 and 5, vLLM and llama.cpp's converter all read
/// (<c>rope_theta</c>, <c>rope_scaling</c> and <c>torch_dtype</c> at the top level).
/// </summary>
public static class LlamaConfigWriter
{
    /// <summary>Writes the file into <paramref name="folder"/>, durably; <paramref name="dtype"/> is that of the saved weights.</summary>
    public static void Write(string folder, LlamaConfig config, ScalarType dtype) =>
        Durable.WriteFile(Path.Combine(folder, LlamaConfigFile.Name), stream => JsonFile.Write(stream, json => WriteMembers(json, config, dtype)));

    private static void WriteMembers(Utf8JsonWriter json, LlamaConfig config, ScalarType dtype)
    {
        json.WriteStartArray("architectures");
        json.WriteStringValue(config.IsRewardModel ? LlamaConfigFile.RewardModel : LlamaConfigFile.CausalModel);
        json.WriteEndArray();
        json.WriteBoolean("attention_bias", config.AttentionBias);
        json.WriteNumber("attention_dropout", 0);
        WriteId(json, "bos_token_id", config.BosId);
        WriteEosIds(json, config.EosIds);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteString("hidden_act", "silu");
        json.WriteNumber("hidden_size", config.HiddenSize);
        if (config.IsRewardModel)
        {
            json.WriteStartObject("id2label");
            json.WriteString("0", "reward");
            json.WriteEndObject();
        }

        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        if (config.IsRewardModel)
        {
            json.WriteStartObject("label2id");
            json.WriteNumber("reward", 0);
            json.WriteEndObject();
        }

        json.WriteNumber("max_position_embeddings", config.MaxPositions);
        json.WriteBoolean("mlp_bias", config.MlpBias);
        json.WriteString("model_type", "llama");
        json.WriteNumber("num_attention_heads", config.HeadCount);
        json.WriteNumber("num_hidden_layers", config.LayerCount);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeadCount);
        if (config.IsRewardModel) json.WriteNumber("num_labels", 1);
        WriteId(json, "pad_token_id", config.PadId);
        json.WriteNumber("rms_norm_eps", config.NormEpsilon);
        WriteScaling(json, config.RopeScaling);
        json.WriteNumber("rope_theta", config.RopeTheta);
        json.WriteBoolean("tie_word_embeddings", config.TieEmbeddings);
        json.WriteString("torch_dtype", dtype switch
        {
            ScalarType.Float32 => "float32",
            ScalarType.Float16 => "float16",
            ScalarType.BFloat16 => "bfloat16",
            _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "F32, F16 or BF16"),
        });
        json.WriteBoolean("use_cache", true);
        json.WriteNumber("vocab_size", config.VocabularySize);
    }

    internal static void WriteId(Utf8JsonWriter json, string key, int? id)
    {
        if (id is { } value) json.WriteNumber(key, value);
        else json.WriteNull(key);
    }

    internal static void WriteEosIds(Utf8JsonWriter json, IReadOnlyList<int> ids)
    {
        if (ids.Count <= 1)
        {
            WriteId(json, "eos_token_id", ids.Count == 1 ? ids[0] : null);
            return;
        }

        json.WriteStartArray("eos_token_id");
        foreach (int id in ids) json.WriteNumberValue(id);
        json.WriteEndArray();
    }

    private static void WriteScaling(Utf8JsonWriter json, RopeScaling? scaling)
    {
        if (scaling is null)
        {
            json.WriteNull("rope_scaling");
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteNumber("factor", scaling.Factor);
        if (scaling.Type == "llama3")
        {
            json.WriteNumber("high_freq_factor", scaling.HighFrequencyFactor);
            json.WriteNumber("low_freq_factor", scaling.LowFrequencyFactor);
        }

        json.WriteNumber("original_max_position_embeddings", scaling.OriginalMaxPositions);
        json.WriteString("rope_type", scaling.Type);
        json.WriteEndObject();
    }
}
