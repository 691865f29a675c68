using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Text.Gguf;

/// <summary>
/// Writes a GGUF vocabulary as the tokenizer files of a Hugging Face folder, which transformers and
/// <see cref="Tokenizer.Load"/> read.
/// </summary>
internal static class GgufVocabularyWriter
{
    private const char Mark = '\u2581';

    // What llama.cpp takes for the end of an answer wherever a control token has such a name (llama-vocab.cpp).
    private static readonly string[] s_stopNames =
        ["<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>"];

    /// <summary>Ids that end an answer: those that the file names, and control tokens with a name that says so.</summary>
    public static IReadOnlyList<int> StopIds(GgufVocabulary words)
    {
        List<int> ids = [.. words.EosId is { } eos ? [eos, .. words.OtherStops] : words.OtherStops];
        for (int id = 0; id < words.Tokens.Count; id++)
        {
            if (words.Types[id] is GgufTokenType.Control or GgufTokenType.UserDefined && s_stopNames.Contains(words.Tokens[id]))
                ids.Add(id);
        }
        return [.. ids.Distinct()];
    }

    /// <summary>Writes tokenizer.json, tokenizer_config.json and, where there is one, the chat template.</summary>
    /// <exception cref="InputException">The vocabulary contradicts itself, or uses what is not supported.</exception>
    public static void Write(GgufVocabulary words, string folder, string where)
    {
        Check(words, where);
        JsonObject file = new()
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. Added(words)]),
        };
        if (words.Model == GgufVocabulary.ByteLevel) AddByteLevel(file, words, GgufPreTokenizer.Named(words.PreTokenizer, where));
        else AddSentencePiece(file, words);
        file["post_processor"] = Surroundings(words);
        Save(file, Path.Combine(folder, "tokenizer.json"));

        JsonObject config = new() { ["tokenizer_class"] = "PreTrainedTokenizerFast", ["clean_up_tokenization_spaces"] = false };
        void Role(string key, int? id) => config[key] = id is { } known ? words.Tokens[known] : null;
        Role("bos_token", words.BosId);
        Role("eos_token", words.EosId);
        Role("unk_token", words.UnkId);
        Role("pad_token", words.PadId);
        (config["add_bos_token"], config["add_eos_token"]) = (words.AddsBos, words.AddsEos);
        if (words.ToolTemplate is { } tools && words.ChatTemplate is { } plain)
            config["chat_template"] = new JsonArray(Named("default", plain), Named("tool_use", tools));
        else if (words.ChatTemplate is { } only) File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), only);
        Save(config, Path.Combine(folder, "tokenizer_config.json"));
    }

    private static void Check(GgufVocabulary words, string where)
    {
        if (words.Model is not (GgufVocabulary.SentencePiece or GgufVocabulary.ByteLevel))
        {
            throw new InputException($"the tokenizer model \"{words.Model}\" (tokenizer.ggml.model) is not supported", where,
                $"supported: {GgufVocabulary.SentencePiece}, {GgufVocabulary.ByteLevel}");
        }
        int count = words.Tokens.Count;
        if (words.Types.Count != count) throw new InputException($"there are {count} tokens, but kinds for {words.Types.Count}", where);
        if (words.Model == GgufVocabulary.SentencePiece && words.Scores?.Count != count)
            throw new InputException($"there are {count} tokens, but scores for {words.Scores?.Count ?? 0}", where);
        if (words.Scores?.Any(float.IsNaN) ?? false) throw new InputException("a token's score is not a number", where);
        if (words.Model == GgufVocabulary.ByteLevel && words.Merges is null)
            throw new InputException("the file has no tokenizer.ggml.merges", where);
        foreach (int id in new[] { words.BosId, words.EosId, words.UnkId, words.PadId }.OfType<int>().Concat(words.OtherStops))
        {
            if (id < 0 || id >= count)
                throw new InputException($"a token with a role has the id {id}, but there are {count} tokens", where);
        }
        if (words.AddsBos && words.BosId is null || words.AddsEos && words.EosId is null)
            throw new InputException("the tokenizer is to add a token at the begin or end of a text, but the file names none", where);
    }

    private static IEnumerable<JsonObject> Added(GgufVocabulary words)
    {
        for (int id = 0; id < words.Tokens.Count; id++)
        {
            if (words.Types[id] is not (GgufTokenType.Control or GgufTokenType.UserDefined or GgufTokenType.Unknown)) continue;
            yield return new()
            {
                ["id"] = id,
                ["content"] = words.Tokens[id],
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = false,
                ["special"] = words.Types[id] != GgufTokenType.UserDefined,
            };
        }
    }

    private static void AddByteLevel(JsonObject file, GgufVocabulary words, GgufPreTokenizer rule)
    {
        JsonArray steps = [];
        if (rule.SingleDigits) steps.Add(new JsonObject { ["type"] = "Digits", ["individual_digits"] = true });
        if (rule.Pattern is { } pattern)
        {
            JsonObject regex = new() { ["Regex"] = pattern };
            steps.Add(new JsonObject { ["type"] = "Split", ["pattern"] = regex, ["behavior"] = "Isolated", ["invert"] = false });
        }
        steps.Add(ByteLevel(rule.Pattern is null));
        file["normalizer"] = rule.Composes ? new JsonObject { ["type"] = "NFC" } : null;
        file["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = steps };
        file["decoder"] = ByteLevel(true);
        JsonArray merges = [];
        foreach (string merge in words.Merges!)
        {
            int space = merge.IndexOf(' ', Math.Min(1, merge.Length));
            merges.Add(space < 0 ? new JsonArray(merge) : new JsonArray(merge[..space], merge[(space + 1)..]));
        }
        file["model"] = Model(words, merges, byteFallback: false, rule.IgnoresMerges);
    }

    private static void AddSentencePiece(JsonObject file, GgufVocabulary words)
    {
        JsonObject spaces = Replace(" ", $"{Mark}"), prepend = new() { ["type"] = "Prepend", ["prepend"] = $"{Mark}" };
        file["normalizer"] = words.AddsSpacePrefix
            ? new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(prepend, spaces) }
            : spaces;
        file["pre_tokenizer"] = null;
        JsonArray steps = [Replace($"{Mark}", " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" }];
        if (words.AddsSpacePrefix) steps.Add(new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 });
        file["decoder"] = new JsonObject { ["type"] = "Sequence", ["decoders"] = steps };
        file["model"] = Model(words, Merges(words), words.Types.Contains(GgufTokenType.Byte), ignoresMerges: false);
    }

    // As the converter of transformers makes merges of scores: every pair whose union is a token, the highest score first.
    private static JsonArray Merges(GgufVocabulary words)
    {
        Dictionary<string, int> normal = new(StringComparer.Ordinal);
        for (int id = 0; id < words.Tokens.Count; id++)
        {
            if (words.Types[id] == GgufTokenType.Normal) normal.TryAdd(words.Tokens[id], id);
        }
        List<(float Score, int Left, int Right)> pairs = [];
        foreach ((string token, int id) in normal)
        {
            for (int cut = 1; cut < token.Length; cut++)
            {
                if (normal.TryGetValue(token[..cut], out int left) && normal.TryGetValue(token[cut..], out int right))
                    pairs.Add((words.Scores![id], left, right));
            }
        }
        JsonArray merges = [];
        foreach ((_, int left, int right) in pairs.OrderByDescending(p => p.Score).ThenBy(p => p.Left).ThenBy(p => p.Right))
            merges.Add(new JsonArray(words.Tokens[left], words.Tokens[right]));
        return merges;
    }

    private static JsonObject Model(GgufVocabulary words, JsonArray merges, bool byteFallback, bool ignoresMerges)
    {
        JsonObject vocabulary = [];
        for (int id = 0; id < words.Tokens.Count; id++)
        {
            if (words.Types[id] is GgufTokenType.Unused or GgufTokenType.Control or GgufTokenType.UserDefined) continue;
            if (!vocabulary.TryAdd(words.Tokens[id], id))
                throw new InputException($"the token '{words.Tokens[id]}' is there twice", "tokenizer.ggml.tokens");
        }
        return new()
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = words.Model == GgufVocabulary.SentencePiece && words.UnkId is { } unknown ? words.Tokens[unknown] : null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = words.Model == GgufVocabulary.SentencePiece,
            ["byte_fallback"] = byteFallback,
            ["ignore_merges"] = ignoresMerges,
            ["vocab"] = vocabulary,
            ["merges"] = merges,
        };
    }

    private static JsonObject? Surroundings(GgufVocabulary words)
    {
        if (!words.AddsBos && !words.AddsEos) return null;
        JsonArray single = [], pair = [];
        JsonObject special = [];
        foreach (string sequence in new[] { "A", "B" })
        {
            foreach (JsonArray template in sequence == "A" ? [single, pair] : new[] { pair })
            {
                int type = sequence == "A" ? 0 : 1;
                if (words.AddsBos) template.Add(Special(words.BosId!.Value, type));
                template.Add(new JsonObject { ["Sequence"] = new JsonObject { ["id"] = sequence, ["type_id"] = type } });
                if (words.AddsEos) template.Add(Special(words.EosId!.Value, type));
            }
        }
        foreach (int id in new[] { words.AddsBos ? words.BosId : null, words.AddsEos ? words.EosId : null }.OfType<int>().Distinct())
        {
            string name = words.Tokens[id];
            special[name] = new JsonObject { ["id"] = name, ["ids"] = new JsonArray(id), ["tokens"] = new JsonArray(name) };
        }
        return new() { ["type"] = "TemplateProcessing", ["single"] = single, ["pair"] = pair, ["special_tokens"] = special };

        JsonObject Special(int id, int type) =>
            new() { ["SpecialToken"] = new JsonObject { ["id"] = words.Tokens[id], ["type_id"] = type } };
    }

    private static JsonObject ByteLevel(bool cuts) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = cuts };

    private static JsonObject Replace(string pattern, string content) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = pattern }, ["content"] = content };

    private static JsonObject Named(string name, string template) => new() { ["name"] = name, ["template"] = template };

    private static void Save(JsonObject json, string path)
    {
        using FileStream stream = File.Create(path);
        JsonWriterOptions readable = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using Utf8JsonWriter writer = new(stream, readable);
        json.WriteTo(writer);
    }
}
