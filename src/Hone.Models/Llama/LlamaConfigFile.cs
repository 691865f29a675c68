using System.Text.Json;

namespace Hone.Models;

/// <summary>
/// Reads <c>config.json</c> of a Hugging Face Llama folder. Whatever would change the computation and is not implemented
/// is refused by name, and every size is checked before anything is allocated from it.
/// </summary>
public static class LlamaConfigFile
{
    public const string Name = "config.json";

    internal const string CausalModel = "LlamaForCausalLM";
    internal const string RewardModel = "LlamaForSequenceClassification";

    /// <summary>The configuration in <paramref name="folder"/>; absent optional keys take transformers' Llama defaults.</summary>
    /// <exception cref="InputException">No Llama model, an unsupported or contradictory field, or a value out of range.</exception>
    public static LlamaConfig Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException("The model folder does not exist.", folder);
        string path = Path.Combine(folder, Name);
        ConfigFields fields = new(JsonFile.ReadObject(path), path);
        bool isReward = ReadArchitecture(fields);
        UnsupportedFields.Refuse(fields);
        if (isReward) RequireOneLabel(fields);

        int hidden = fields.Int("hidden_size", 1, 1 << 17);
        int heads = fields.Int("num_attention_heads", 1, 1 << 12);
        int keyValueHeads = fields.Int("num_key_value_heads", 1, 1 << 12, heads);
        if (heads % keyValueHeads != 0)
            throw fields.Error("num_key_value_heads", $"is {keyValueHeads}, which does not divide num_attention_heads {heads}");
        if (!fields.Has("head_dim") && hidden % heads != 0)
            throw fields.Error("num_attention_heads", $"is {heads}, which does not divide hidden_size {hidden}, and there is no head_dim");
        int headDim = fields.Int("head_dim", 2, 1 << 12, hidden / heads);
        if (headDim % 2 != 0) throw fields.Error("head_dim", $"is {headDim}; rotary embeddings need an even number");

        int vocabulary = fields.Int("vocab_size", 1, 1 << 24);
        int positions = fields.Int("max_position_embeddings", 1, 1 << 27, 2048);
        (double theta, RopeScaling? scaling) = RopeFields.Read(fields, positions);
        return new LlamaConfig
        {
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = fields.Int("intermediate_size", 1, 1 << 20),
            LayerCount = fields.Int("num_hidden_layers", 1, 1 << 10),
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = headDim,
            MaxPositions = positions,
            NormEpsilon = fields.Number("rms_norm_eps", 0, 0.1, 1e-6),
            RopeTheta = theta,
            RopeScaling = scaling,
            TieEmbeddings = fields.Flag("tie_word_embeddings", false),
            AttentionBias = fields.Flag("attention_bias", false),
            MlpBias = fields.Flag("mlp_bias", false),
            BosId = TokenId(fields, "bos_token_id", vocabulary, 1),
            EosIds = EosIds(fields, vocabulary),
            PadId = TokenId(fields, "pad_token_id", vocabulary, null),
            IsRewardModel = isReward,
        };
    }

    /// <summary>Refuses a model whose embedding has fewer rows than its tokenizer has ids (more rows are padding and fine).</summary>
    public static void Check(LlamaConfig config, int tokenizerVocabularySize, string? folder = null)
    {
        if (config.VocabularySize < tokenizerVocabularySize)
        {
            throw new InputException(
                $"vocab_size is {config.VocabularySize}, but the tokenizer has {tokenizerVocabularySize} ids.",
                folder is null ? null : Path.Combine(folder, Name),
                "Use the tokenizer that belongs to this model.");
        }
    }

    private static bool ReadArchitecture(ConfigFields fields)
    {
        if (fields.Text("model_type") is { } type && type != "llama") throw fields.Error("model_type", $"is {type}; Hone reads llama");
        if (!fields.TryGet("architectures", out JsonElement list))
            return fields.Text("model_type") is null ? throw fields.Error("architectures", "is missing") : false;
        string[] names = list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(e => e.ToString())] : [list.ToString()];
        return names switch
        {
            [CausalModel] => false,
            [RewardModel] => true,
            _ => throw fields.Error("architectures", $"is {string.Join(", ", names)}; Hone reads {CausalModel} and {RewardModel}"),
        };
    }

    // transformers counts the labels by id2label, else num_labels, else 2.
    private static void RequireOneLabel(ConfigFields fields)
    {
        int labels = fields.TryGet("id2label", out JsonElement map) && map.ValueKind == JsonValueKind.Object
            ? map.EnumerateObject().Count()
            : fields.Int("num_labels", 0, int.MaxValue, 2);
        if (labels != 1) throw fields.Error("num_labels", $"is {labels}; a reward model has 1");
    }

    private static int? TokenId(ConfigFields fields, string key, int vocabulary, int? otherwise)
    {
        if (!fields.Contains(key)) return otherwise < vocabulary ? otherwise : null;
        if (!fields.Has(key)) return null;
        int id = fields.Int(key, -1, int.MaxValue);
        return id == -1 ? null : InVocabulary(fields, key, id, vocabulary);
    }

    private static int[] EosIds(ConfigFields fields, int vocabulary)
    {
        const string Key = "eos_token_id";
        if (!fields.TryGet(Key, out JsonElement value) || value.ValueKind != JsonValueKind.Array)
            return TokenId(fields, Key, vocabulary, 2) is { } one ? [one] : [];
        return [.. value.EnumerateArray().Select(e =>
            e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int id)
                ? InVocabulary(fields, Key, id, vocabulary)
                : throw fields.Error(Key, $"holds {e}, which is no token id")).Distinct()];
    }

    private static int InVocabulary(ConfigFields fields, string key, int id, int vocabulary) =>
        id >= 0 && id < vocabulary ? id : throw fields.Error(key, $"is {id}, outside the vocabulary of {vocabulary}");
}
