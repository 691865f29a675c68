using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Text.Gguf;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>
/// A GGUF file as a model folder: its configuration and tokenizer written as the files of a Hugging Face folder, and a link to
/// the file itself for the weights. All that reads model folders reads such a one.
/// </summary>
public static class GgufFolder
{
    /// <summary>The file, or the link to it, that holds the weights of such a folder.</summary>
    public const string WeightsFile = "model.gguf";

    private const string Layout = "1"; // of the folders below; another number makes them anew

    /// <summary>Whether a path names a GGUF file.</summary>
    public static bool IsFile(string path) => path.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) && File.Exists(path);

    /// <summary>The folder for a file, made under <paramref name="root"/> unless it is there: the same file has the same folder.</summary>
    /// <exception cref="InputException">The file is broken or not supported, or the folder cannot be written.</exception>
    public static string Open(string path, string root)
    {
        FileInfo file = new(Path.GetFullPath(path));
        string identity = string.Create(CultureInfo.InvariantCulture,
            $"{Layout}|{file.FullName}|{file.Length}|{file.LastWriteTimeUtc.Ticks}");
        return CachedFolder.Of(root, Path.GetFileNameWithoutExtension(path), identity, partial =>
        {
            Unpack(file.FullName, partial);
            File.CreateSymbolicLink(Path.Combine(partial, WeightsFile), file.FullName);
        });
    }

    /// <summary>Writes config.json, generation_config.json and the tokenizer's files into a folder that is there.</summary>
    /// <exception cref="InputException">The file is broken or not supported.</exception>
    public static void Unpack(string path, string folder)
    {
        using GgufFile file = GgufFile.Open(path);
        JsonObject config = GgufConfig.Read(file);
        GgufVocabulary words = GgufTokenizerKeys.Read(file.Metadata);
        GgufVocabularyWriter.Write(words, folder, path);
        JsonArray stops = [.. GgufVocabularyWriter.StopIds(words).Select(id => JsonValue.Create(id))];
        (config["bos_token_id"], config["pad_token_id"]) = (words.BosId, words.PadId);
        config["eos_token_id"] = stops;
        JsonObject generation = new() { ["eos_token_id"] = stops.DeepClone() };
        if (words.BosId is { } bos) generation["bos_token_id"] = bos;
        Save(config, Path.Combine(folder, ConfigFile.Name));
        Save(generation, Path.Combine(folder, "generation_config.json"));
    }

    /// <summary>All weights of a GGUF file, as <see cref="WeightFolder.LoadWeights"/> gives those of a folder.</summary>
    /// <exception cref="InputException">A tensor is missing, unknown, of another shape, or not finite.</exception>
    public static Dictionary<string, Tensor> LoadWeights(string path, TransformerConfig config, ScalarType dtype, Device device)
    {
        using GgufFile file = GgufFile.Open(path);
        return GgufWeights.Load(file, config, dtype, device);
    }

    private static void Save(JsonObject json, string path)
    {
        using FileStream stream = File.Create(path);
        using Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteTo(writer);
    }
}
