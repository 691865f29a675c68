using Hone.Text;
using System.Text.Json;
using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Writes a whole Hugging Face model folder: weights, configuration, and the tokenizer files of the model it came from.</summary>
public static class CheckpointFolder
{
    /// <summary>Files that make up a tokenizer and its chat template; those that the source folder has are copied.</summary>
    public static IReadOnlyList<string> TokenizerFiles { get; } =
    [
        "tokenizer.json", "tokenizer_config.json", "tokenizer.model", "special_tokens_map.json", "added_tokens.json",
        "vocab.json", "merges.txt", "chat_template.jinja", "chat_template.json",
    ];

    private const string GenerationConfig = "generation_config.json";

    /// <summary>
    /// Writes the folder, which must not exist yet. It appears under its name only when every file is on the disk; after an
    /// error nothing is left. transformers loads it as LlamaForCausalLM, or as LlamaForSequenceClassification with one label.
    /// Tokenizer files and <c>generation_config.json</c> come from <paramref name="tokenizerFolder"/>, if any.
    /// </summary>
    /// <exception cref="InputException">The folder exists, a file cannot be copied, or the disk is full.</exception>
    public static void Save(
        string folder,
        IReadOnlyDictionary<string, Tensor> weights,
        TransformerConfig config,
        ScalarType dtype,
        string? tokenizerFolder,
        long maxShardBytes = WeightWriter.DefaultShardBytes)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.Exists(target))
            throw new InputException("The output folder exists already.", target, "Give another folder, or remove this one.");
        DurableFiles.Instance.WriteFolder(target, partial =>
        {
            WeightWriter.SaveWeights(partial, weights, config, dtype, maxShardBytes);
            WriteDescription(partial, config, dtype, tokenizerFolder);
        });
    }

    /// <summary>
    /// Writes the folder of a model with an adapter as PEFT does: the adapter and the modules trained beside it, and no
    /// weights of the base, which its configuration names. Beside it lie config.json and what <see cref="Save"/> copies.
    /// </summary>
    /// <param name="baseModel">A folder, or an id of a hub.</param>
    /// <exception cref="InputException">As <see cref="Save"/>.</exception>
    public static void SaveAdapter(string folder, Transformer model, string baseModel, string? tokenizerFolder)
    {
        string target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (Path.Exists(target))
            throw new InputException("The output folder exists already.", target, "Give another folder, or remove this one.");
        DurableFiles.Instance.WriteFolder(target, partial =>
        {
            PeftFolder.Write(partial, model, baseModel);
            WriteDescription(partial, model.Config, model.ComputeType, tokenizerFolder);
        });
    }

    /// <summary>Everything of a model folder but its weights.</summary>
    internal static void WriteDescription(string target, TransformerConfig config, ScalarType dtype, string? tokenizerFolder)
    {
        ConfigWriter.Write(target, config, dtype);
        WriteGenerationConfig(target, config, tokenizerFolder);
        if (tokenizerFolder is not null) CopyTokenizer(tokenizerFolder, target);
    }

    private static void CopyTokenizer(string source, string target)
    {
        foreach (string name in TokenizerFiles)
        {
            string from = Path.Combine(source, name);
            if (!File.Exists(from)) continue;
            FolderLinks.RefuseOutside(from);
            Durable.WriteFile(Path.Combine(target, name), stream =>
            {
                using FileStream file = RegularFile.Open(from);
                file.CopyTo(stream);
            });
        }
    }

    // The source's sampling settings stay; its stop ids and those of the configuration are joined.
    private static void WriteGenerationConfig(string target, TransformerConfig config, string? source)
    {
        string? path = source is null ? null : Path.Combine(source, GenerationConfig);
        JsonElement? old = path is not null && File.Exists(path) ? JsonFile.ReadObject(path) : null;
        List<int> stops = [.. config.EosIds.Concat(StopIds(old)).Distinct()];
        Durable.WriteFile(Path.Combine(target, GenerationConfig), stream => JsonFile.Write(stream, json =>
        {
            if (config.BosId is { } bos) json.WriteNumber("bos_token_id", bos);
            if (stops.Count > 0) ConfigWriter.WriteEosIds(json, stops);
            if (config.PadId is { } pad) json.WriteNumber("pad_token_id", pad);
            if (old is not { } members) return;
            string[] replaced =
                [config.BosId is null ? "" : "bos_token_id", "eos_token_id", config.PadId is null ? "" : "pad_token_id"];
            foreach (JsonProperty member in members.EnumerateObject())
            {
                if (!replaced.Contains(member.Name)) member.WriteTo(json);
            }
        }));
    }

    private static IEnumerable<int> StopIds(JsonElement? generation)
    {
        if (generation is not { } members || !members.TryGetProperty("eos_token_id", out JsonElement ids)) return [];
        IEnumerable<JsonElement> each = ids.ValueKind == JsonValueKind.Array ? ids.EnumerateArray() : [ids];
        return each.Where(e => e.ValueKind == JsonValueKind.Number && e.TryGetInt32(out _)).Select(e => e.GetInt32());
    }
}
