using Hone.Text.Gguf;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>Writes a Hugging Face model folder as one GGUF file, which llama.cpp, Ollama and LM Studio run.</summary>
internal static class GgufExport
{
    /// <summary>Types that are written.</summary>
    public static IReadOnlyList<GgufTensorType> Types { get; } =
        [GgufTensorType.F32, GgufTensorType.F16, GgufTensorType.BF16, GgufTensorType.Q8_0, GgufTensorType.Q4_0];

    /// <summary>
    /// Writes the file, whole or not at all. Weights are read, converted and written one at a time. Matrices get
    /// <paramref name="type"/>; norms, biases and routers stay fp32, rows that do not divide into blocks become F16, and in Q4_0
    /// the matrix that makes the logits has 8 bits.
    /// </summary>
    /// <param name="folder">The model.</param>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="output">The file.</param>
    /// <param name="stopIds">What ends an answer besides the tokenizer's own end token.</param>
    /// <param name="warn">Takes what the programs that run the file will do differently.</param>
    /// <returns>The metadata that the file has.</returns>
    /// <exception cref="InputException">The folder is no model that Hone reads, GGUF cannot express it, or the disk is full.</exception>
    public static GgufMetadata Write(
        string folder, GgufTensorType type, string output, IReadOnlyCollection<int> stopIds, Action<string> warn)
    {
        if (!Types.Contains(type)) throw new ArgumentOutOfRangeException(nameof(type), type, "a type that is written");
        LibTorch.Load();
        TransformerConfig config = ConfigFile.Load(folder);
        GgufMetadata metadata = new(output);
        GgufForm form = GgufConfig.FormOf(config);
        GgufVocabulary words = GgufVocabularyReader.FromFolder(folder, config.VocabularySize, [.. config.EosIds, .. stopIds], warn);
        metadata.Add(GgufConfig.Architecture, form.Name);
        metadata.Add("general.type", "model");
        metadata.Add("general.name", NameOf(folder, words));
        GgufConfig.Write(config, metadata, warn);
        metadata.Add("general.file_type", FileType(type));
        metadata.Add("general.quantization_version", 2u);
        GgufTokenizerKeys.Write(words with { BosId = words.BosId ?? config.BosId, PadId = words.PadId ?? config.PadId }, metadata, warn);
        using WeightReader weights = WeightReader.Open(folder, config);
        List<GgufTensor> tensors = GgufWeights.Plan(config, type, name => weights.Read(name, ScalarType.Float32, CPU));
        if (tensors.Exists(t => t.Type == GgufTensorType.F16) && type is GgufTensorType.Q8_0 or GgufTensorType.Q4_0)
            warn($"matrices whose rows are no multiple of {type.BlockNumbers()} are stored as F16");
        GgufWriter.Write(output, metadata, tensors);
        return metadata;
    }

    // llama.cpp takes a model with "phi3" or "phi-3" in its name for one with these tokens, and fails where they are missing.
    private static string NameOf(string folder, GgufVocabulary words)
    {
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        string[] needed = ["</s>", "<unk>", "<s>", "<|endoftext|>"];
        return needed.All(words.Tokens.Contains) ? name
            : name.Replace("phi-3", "phi 3", StringComparison.OrdinalIgnoreCase)
                .Replace("phi3", "phi 3", StringComparison.OrdinalIgnoreCase);
    }

    // llama_ftype: what most of the file is stored as.
    private static uint FileType(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => 0,
        GgufTensorType.F16 => 1,
        GgufTensorType.Q4_0 => 2,
        GgufTensorType.Q8_0 => 7,
        _ => 32,
    };
}
