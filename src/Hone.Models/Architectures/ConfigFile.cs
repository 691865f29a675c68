using System.Text.Json;

namespace Hone.Models;

/// <summary>
/// Reads <c>config.json</c> of a Hugging Face folder. What all families have is read here, the rest by the family's
/// <see cref="Architecture"/>. Whatever would change the computation and is not implemented is refused by name, and every
/// size is checked before anything is allocated from it.
/// </summary>
public static class ConfigFile
{
    public const string Name = "config.json";

    /// <summary>The configuration in <paramref name="folder"/>; absent optional keys take transformers' defaults of the family.</summary>
    /// <exception cref="InputException">No known family, an unsupported or contradictory field, or a value out of range.</exception>
    public static TransformerConfig Load(string folder)
    {
        if (!Directory.Exists(folder)) throw new InputException("The model folder does not exist.", folder);
        string path = Path.Combine(folder, Name);
        ConfigFields fields = new(JsonFile.ReadObject(path), path);
        Architecture architecture = Family(fields);
        bool isReward = IsRewardModel(fields, architecture);
        if (isReward) RequireOneLabel(fields);
        TransformerConfig config = architecture.Read(fields, Common(fields, architecture) with { IsRewardModel = isReward });
        UnsupportedFields.Refuse(fields);
        return config;
    }

    /// <summary>Refuses a model whose embedding has fewer rows than its tokenizer has ids (more rows are padding and fine).</summary>
    public static void Check(TransformerConfig config, int tokenizerVocabularySize, string? folder = null)
    {
        if (config.VocabularySize < tokenizerVocabularySize)
        {
            throw new InputException(
                $"vocab_size is {config.VocabularySize}, but the tokenizer has {tokenizerVocabularySize} ids.",
                folder is null ? null : Path.Combine(folder, Name),
                "Use the tokenizer that belongs to this model.");
        }
    }

    private static TransformerConfig Common(ConfigFields fields, Architecture architecture)
    {
        ConfigDefaults defaults = architecture.Defaults;
        int hidden = fields.Int("hidden_size", 1, 1 << 17);
        int heads = fields.Int("num_attention_heads", 1, 1 << 12);
        int keyValueHeads = fields.Int("num_key_value_heads", 1, 1 << 12, defaults.KeyValueHeads ?? heads);
        if (heads % keyValueHeads != 0)
            throw fields.Error("num_key_value_heads", $"is {keyValueHeads}, which does not divide num_attention_heads {heads}");
        if (!fields.Has("head_dim") && defaults.HeadDim is null && hidden % heads != 0)
            throw fields.Error("num_attention_heads", $"is {heads}, which does not divide hidden_size {hidden}, and there is no head_dim");
        int headDim = fields.Int("head_dim", 2, 1 << 12, defaults.HeadDim ?? hidden / heads);
        if (headDim % 2 != 0) throw fields.Error("head_dim", $"is {headDim}; rotary embeddings need an even number");

        int vocabulary = fields.Int("vocab_size", 1, 1 << 24);
        int positions = fields.Int("max_position_embeddings", 1, 1 << 27, defaults.MaxPositions);
        return new TransformerConfig
        {
            Family = architecture.ModelType,
            VocabularySize = vocabulary,
            HiddenSize = hidden,
            IntermediateSize = fields.Int("intermediate_size", 1, 1 << 20),
            LayerCount = fields.Int("num_hidden_layers", 1, 1 << 10),
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadDim = headDim,
            MaxPositions = positions,
            NormEpsilon = fields.Number("rms_norm_eps", 0, 0.1, defaults.NormEpsilon),
            Rope = architecture.ReadRope(fields, positions, headDim),
            TieEmbeddings = fields.Flag("tie_word_embeddings", defaults.TieEmbeddings),
            BosId = TokenId(fields, "bos_token_id", vocabulary, defaults.BosId),
            EosIds = EosIds(fields, vocabulary, defaults.EosId),
            PadId = TokenId(fields, "pad_token_id", vocabulary, defaults.PadId),
        };
    }

    private static Architecture Family(ConfigFields fields)
    {
        string known = string.Join(", ", Architecture.All.Select(a => a.ModelType));
        string? type = fields.Text("model_type");
        if (fields.Has("text_config") || fields.Has("vision_config"))
            throw fields.Error("text_config",
                "belongs to a model that also sees pictures; Hone reads text models only", $"Hone reads {known}.");
        if (type is not null)
        {
            return Architecture.All.FirstOrDefault(a => a.ModelType == type)
                ?? throw fields.Error("model_type", $"is {Excerpt.Of(type)}; Hone reads {known}");
        }
        return Classes(fields) is [var only]
            && Architecture.All.FirstOrDefault(a => only == a.CausalModel || only == a.RewardModel) is { } found
            ? found
            : throw fields.Error("model_type", $"is missing; Hone reads {known}");
    }

    private static bool IsRewardModel(ConfigFields fields, Architecture architecture)
    {
        string[] names = Classes(fields);
        if (names.Length == 0 || names is [var only] && only == architecture.CausalModel) return false;
        if (names is [var other] && other == architecture.RewardModel) return true;
        throw fields.Error("architectures",
            $"is {Excerpt.Of(string.Join(", ", names))}; "
                + $"of {architecture.ModelType} Hone reads {architecture.CausalModel} and {architecture.RewardModel}");
    }

    private static string[] Classes(ConfigFields fields)
    {
        if (!fields.TryGet("architectures", out JsonElement list)) return [];
        return list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray().Select(e => e.ToString())] : [list.ToString()];
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

    private static int[] EosIds(ConfigFields fields, int vocabulary, int? otherwise)
    {
        const string Key = "eos_token_id";
        if (!fields.TryGet(Key, out JsonElement value) || value.ValueKind != JsonValueKind.Array)
            return TokenId(fields, Key, vocabulary, otherwise) is { } one ? [one] : [];
        return [.. value.EnumerateArray().Select(e =>
            e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out int id)
                ? InVocabulary(fields, Key, id, vocabulary)
                : throw fields.Error(Key, $"holds {e}, which is no token id")).Distinct()];
    }

    private static int InVocabulary(ConfigFields fields, string key, int id, int vocabulary) =>
        id >= 0 && id < vocabulary ? id : throw fields.Error(key, $"is {id}, outside the vocabulary of {vocabulary}");
}
