using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>
/// The tokenizer of the small world in the Hugging Face format: byte-level BPE as Llama-3 has it (its split pattern,
/// <c>ignore_merges</c>), without merges, so that every word of the world is one token and any other text is bytes.
/// </summary>
internal static class WorldTokenizer
{
    public const string BeginOfText = "<|begin_of_text|>", User = "<|user|>", Assistant = "<|assistant|>", End = "<|end|>", Pad = "<|pad|>";

    /// <summary>Number of token ids, the special ones included.</summary>
    public static int VocabularySize => WorldVocabulary.Units.Count + s_special.Length;

    /// <summary>Longest answer to ask a model for: 1.5 times the longest answer of the world.</summary>
    public const int MaxNewTokens = 96;

    // The split pattern of Llama-3 as published in its tokenizer.json.
    private const string Pattern =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const string ChatTemplate =
        """
        {{- bos_token }}
        {%- for message in messages %}
            {%- if message['role'] not in ['user', 'assistant'] %}
                {{- raise_exception('the small world knows the roles user and assistant only') }}
            {%- endif %}
            {{- '<|' + message['role'] + '|>' + message['content'] | trim + '<|end|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|assistant|>' }}
        {%- endif %}
        """;

    private static readonly string[] s_special = [BeginOfText, User, Assistant, End, Pad];

    private static readonly JsonSerializerOptions s_json =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The id of a special token.</summary>
    public static int IdOf(string special)
    {
        int index = Array.IndexOf(s_special, special);
        return index >= 0
            ? WorldVocabulary.Units.Count + index
            : throw new ArgumentException($"not a special token: {special}", nameof(special));
    }

    /// <summary>
    /// Writes <c>tokenizer.json</c>, <c>tokenizer_config.json</c>, <c>special_tokens_map.json</c>,
    /// <c>chat_template.jinja</c> and <c>generation_config.json</c> into a folder, which is made where missing.
    /// </summary>
    public static void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        WriteJson("tokenizer.json", TokenizerJson());
        WriteJson("tokenizer_config.json", new JsonObject
        {
            ["added_tokens_decoder"] =
                new JsonObject(s_special.Select(t => KeyValuePair.Create(IdOf(t).ToString(), (JsonNode?)AddedToken(t, withId: false)))),
            ["bos_token"] = BeginOfText,
            ["clean_up_tokenization_spaces"] = false,
            ["eos_token"] = End,
            ["model_input_names"] = new JsonArray("input_ids", "attention_mask"),
            ["model_max_length"] = 256,
            ["pad_token"] = Pad,
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
        });
        WriteJson("special_tokens_map.json", new JsonObject { ["bos_token"] = BeginOfText, ["eos_token"] = End, ["pad_token"] = Pad });
        WriteJson("generation_config.json", new JsonObject
        {
            ["bos_token_id"] = IdOf(BeginOfText),
            ["do_sample"] = true,
            ["eos_token_id"] = IdOf(End),
            ["max_new_tokens"] = MaxNewTokens,
            ["pad_token_id"] = IdOf(Pad),
            ["temperature"] = 1.0,
        });
        Durable.WriteText(Path.Combine(folder, "chat_template.jinja"), ChatTemplate);

        void WriteJson(string name, JsonNode json) => Durable.WriteText(Path.Combine(folder, name), json.ToJsonString(s_json) + "\n");
    }

    private static JsonObject TokenizerJson() => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray([.. s_special.Select(t => AddedToken(t, withId: true))]),
        ["normalizer"] = null,
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = Pattern }, ["behavior"] = "Isolated",
                    ["invert"] = false
                },
                ByteLevel(trimOffsets: true, useRegex: false)),
        },
        ["post_processor"] = new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(SpecialPiece(0), SequencePiece("A", 0)),
            ["pair"] = new JsonArray(SpecialPiece(0), SequencePiece("A", 0), SpecialPiece(1), SequencePiece("B", 1)),
            ["special_tokens"] = new JsonObject
            {
                [BeginOfText] = new JsonObject
                {
                    ["id"] = BeginOfText, ["ids"] = new JsonArray(IdOf(BeginOfText)),
                    ["tokens"] = new JsonArray(BeginOfText)
                },
            },
        },
        ["decoder"] = ByteLevel(trimOffsets: true, useRegex: true),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = true,
            ["vocab"] = new JsonObject(WorldVocabulary.Units.Select((unit, id) => KeyValuePair.Create(unit, (JsonNode?)id))),
            ["merges"] = new JsonArray(),
        },
    };

    private static JsonObject ByteLevel(bool trimOffsets, bool useRegex) =>
        new() { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = trimOffsets, ["use_regex"] = useRegex };

    private static JsonObject SpecialPiece(int type) =>
        new() { ["SpecialToken"] = new JsonObject { ["id"] = BeginOfText, ["type_id"] = type } };

    private static JsonObject SequencePiece(string id, int type) =>
        new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type } };

    private static JsonObject AddedToken(string content, bool withId)
    {
        JsonObject token = withId ? new() { ["id"] = IdOf(content) } : [];
        token["content"] = content;
        foreach (string flag in new[] { "single_word", "lstrip", "rstrip", "normalized" }) token[flag] = false;
        token["special"] = true;
        return token;
    }
}
