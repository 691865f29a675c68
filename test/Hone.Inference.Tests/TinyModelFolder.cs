using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Hone.Models;

namespace Hone.Inference.Tests;

/// <summary>A complete Hugging Face folder of a random model that reads and writes single bytes and has a ChatML template.</summary>
internal static class TinyModelFolder
{
    public const int BeginId = 256, TurnEndId = 257, TurnStartId = 258, ConfigEosId = 259;

    private const int Vocabulary = 260, Hidden = 32;

    private const string ChatMl =
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
        + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    /// <summary>Writes the folder. Three files declare three different end tokens, as released chat models do.</summary>
    public static void Write(string folder, bool withTemplate = true)
    {
        File.WriteAllText(Path.Combine(folder, "config.json"), $$"""
            {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
             "vocab_size": {{Vocabulary}}, "hidden_size": {{Hidden}}, "intermediate_size": 48, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
             "tie_word_embeddings": true, "bos_token_id": {{BeginId}}, "eos_token_id": {{ConfigEosId}}, "hidden_act": "silu"}
            """);
        File.WriteAllText(Path.Combine(folder, "generation_config.json"),
            $$"""{"do_sample": true, "temperature": 0.9, "eos_token_id": [0, {{ConfigEosId}}]}""");
        File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), """{"bos_token": "<|begin|>", "eos_token": "<|im_end|>"}""");
        if (withTemplate) File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), ChatMl);
        WriteTokenizer(Path.Combine(folder, "tokenizer.json"));
        WriteWeights(Path.Combine(folder, "model.safetensors"), ConfigFile.Load(folder));
    }

    private static void WriteTokenizer(string path)
    {
        string[] special = ["<|begin|>", "<|im_end|>", "<|im_start|>", "<|end|>"];
        File.WriteAllText(path, JsonSerializer.Serialize(new
        {
            version = "1.0",
            added_tokens = special.Select((s, i) => new
            {
                id = BeginId + i,
                content = s,
                single_word = false,
                lstrip = false,
                rstrip = false,
                normalized = false,
                special = true,
            }),
            pre_tokenizer = new { type = "ByteLevel", add_prefix_space = false, trim_offsets = true, use_regex = true },
            decoder = new { type = "ByteLevel", add_prefix_space = true, trim_offsets = true, use_regex = true },
            model = new { type = "BPE", vocab = Enumerable.Range(0, 256).ToDictionary(ByteLevelCharacter), merges = Array.Empty<string>() },
        }));
    }

    /// <summary>The printable character by which byte-level BPE spells a byte: itself, or the next free one from 256 on.</summary>
    private static string ByteLevelCharacter(int value)
    {
        static bool Printable(int b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or (>= 174 and <= 255);
        return ((char)(Printable(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !Printable(b)))).ToString();
    }

    private static void WriteWeights(string path, TransformerConfig config)
    {
        var random = new Random(11);
        var header = new Dictionary<string, object>();
        using var data = new MemoryStream();
        foreach ((string name, long[] shape) in WeightNames.Of(config))
        {
            long start = data.Length;
            for (long i = shape.Aggregate(1L, (a, b) => a * b); i > 0; i--)
            {
                byte[] value = new byte[sizeof(float)];
                BinaryPrimitives.WriteSingleLittleEndian(value, shape.Length == 1 ? 1 : (float)((random.NextDouble() - 0.5) * 0.6));
                data.Write(value);
            }
            header[name] = new { dtype = "F32", shape, data_offsets = new[] { start, data.Length } };
        }
        byte[] json = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(header));
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. data.ToArray()]);
    }
}
