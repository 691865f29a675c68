using System.Text.Json.Nodes;

namespace Hone.Text.Tests;

/// <summary>Small tokenizers of the tests' own, written as the files that a model folder holds.</summary>
internal static class TinyTokenizer
{
    public const string ChatMl =
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    public static readonly string[] Control = ["<|bos|>", "<|eos|>", "<|im_start|>", "<|im_end|>"];

    /// <summary>Byte-level with whole words in the vocabulary, ignore_merges, and no merges at all.</summary>
    public static JsonObject Json(params string[] words)
    {
        JsonObject vocabulary = [];
        for (int b = 0; b < 256; b++) vocabulary[Bpe.ByteAlphabet.CharOf((byte)b).ToString()] = vocabulary.Count;
        foreach (string word in words) vocabulary[word] = vocabulary.Count;
        JsonArray added = [];
        foreach (string token in Control)
        {
            added.Add(new JsonObject { ["id"] = vocabulary.Count + added.Count, ["content"] = token, ["special"] = true });
        }
        return new JsonObject
        {
            ["added_tokens"] = added,
            ["normalizer"] = null,
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split",
                        ["pattern"] = new JsonObject { ["Regex"] = Splitting.WordScanner.Llama3 },
                        ["behavior"] = "Isolated",
                    },
                    new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
            },
            ["post_processor"] = new JsonObject
            {
                ["type"] = "TemplateProcessing",
                ["single"] = new JsonArray(
                    new JsonObject { ["SpecialToken"] = new JsonObject { ["id"] = "<|bos|>", ["type_id"] = 0 } },
                    new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A", ["type_id"] = 0 } }),
                ["special_tokens"] = new JsonObject
                {
                    ["<|bos|>"] = new JsonObject { ["ids"] = new JsonArray(vocabulary.Count), ["tokens"] = new JsonArray("<|bos|>") },
                },
            },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["ignore_merges"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray(),
            },
        };
    }

    public static void Write(TempFolder folder, JsonObject json, string? template = null)
    {
        File.WriteAllText(folder.File("tokenizer.json"), json.ToJsonString());
        File.WriteAllText(folder.File("tokenizer_config.json"), """{"bos_token":"<|bos|>","eos_token":"<|eos|>"}""");
        if (template is not null) File.WriteAllText(folder.File("chat_template.jinja"), template);
    }

    public static Tokenizer Load(JsonObject json)
    {
        using TempFolder folder = new();
        Write(folder, json);
        return Tokenizer.Load(folder.Path);
    }

    public static ChatFormat Format(string template, params string[] words)
    {
        using TempFolder folder = new();
        Write(folder, Json(words), template);
        return ChatFormat.Load(folder.Path);
    }
}
