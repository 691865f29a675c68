using System.Text.Json;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Writes <c>config.json</c> in the spelling that transformers 4 and 5, vLLM and llama.cpp's converter all read
/// (<c>rope_theta</c>, <c>rope_scaling</c> and <c>torch_dtype</c> at the top level).
/// </summary>
internal static class ConfigWriter
{
    /// <summary>Writes the file into <paramref name="folder"/>, durably; <paramref name="dtype"/> is that of the saved weights.</summary>
    public static void Write(string folder, TransformerConfig config, ScalarType dtype) =>
        Durable.WriteFile(Path.Combine(folder, ConfigFile.Name), stream =>
            JsonFile.Write(stream, json => WriteMembers(json, config, dtype)));

    private static void WriteMembers(Utf8JsonWriter json, TransformerConfig config, ScalarType dtype)
    {
        Architecture architecture = Architecture.Of(config);
        json.WriteStartArray("architectures");
        json.WriteStringValue(config.IsRewardModel ? architecture.RewardModel : architecture.CausalModel);
        json.WriteEndArray();
        json.WriteString("model_type", config.Family);
        json.WriteNumber("attention_dropout", 0);
        WriteId(json, "bos_token_id", config.BosId);
        WriteEosIds(json, config.EosIds);
        json.WriteNumber("head_dim", config.HeadDim);
        json.WriteNumber("hidden_size", config.HiddenSize);
        if (config.IsRewardModel) WriteOneLabel(json);
        json.WriteNumber("initializer_range", 0.02);
        json.WriteNumber("intermediate_size", config.IntermediateSize);
        json.WriteNumber("max_position_embeddings", config.MaxPositions);
        json.WriteNumber("num_attention_heads", config.HeadCount);
        json.WriteNumber("num_hidden_layers", config.LayerCount);
        json.WriteNumber("num_key_value_heads", config.KeyValueHeadCount);
        WriteId(json, "pad_token_id", config.PadId);
        json.WriteNumber("rms_norm_eps", config.NormEpsilon);
        RopeFields.Write(json, config.Rope);
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
        architecture.Write(json, config);
    }

    private static void WriteOneLabel(Utf8JsonWriter json)
    {
        json.WriteStartObject("id2label");
        json.WriteString("0", "reward");
        json.WriteEndObject();
        json.WriteStartObject("label2id");
        json.WriteNumber("reward", 0);
        json.WriteEndObject();
        json.WriteNumber("num_labels", 1);
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
}
