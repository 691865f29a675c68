using Hone.Data;
using Hone.Models.Gguf;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Reads the weights of a Hugging Face model folder: one safetensors file, shards with their index, or a GGUF file.</summary>
public static class WeightFolder
{
    /// <summary>
    /// All weights of the model under their Hugging Face names, as <paramref name="dtype"/> on <paramref name="device"/>.
    /// Tied embeddings are one tensor, <c>model.embed_tokens.weight</c>, and then there is no <c>lm_head.weight</c>;
    /// a reward model has <c>score.weight</c>. Tensors are read one by one, so memory holds the weights once.
    /// </summary>
    /// <exception cref="InputException">
    /// A tensor is missing, unknown, of another shape or dtype, or not finite; or a file is damaged.
    /// </exception>
    public static Dictionary<string, Tensor> LoadWeights(string folder, TransformerConfig config, ScalarType dtype, Device device) =>
        LoadPacked(folder, config, dtype, device, FrozenFormat.Compute);

    /// <summary>As <see cref="LoadWeights"/>, the layers' matrices packed one by one.</summary>
    /// <param name="inPlace">
    /// Whether weights that <paramref name="dtype"/> would not round may be the file's own pages, in the format that they are stored in:
    /// for those that are read once, before the file can change.
    /// </param>
    internal static Dictionary<string, Tensor> LoadPacked(string folder, TransformerConfig config, ScalarType dtype, Device device,
        FrozenFormat frozen, bool inPlace = false)
    {
        LibTorch.Load();
        string gguf = Path.Combine(folder, GgufFolder.WeightsFile);
        if (File.Exists(gguf) && !ShardSet.IsIn(folder)) return Packed(GgufFolder.LoadWeights(gguf, config, dtype, device), config, frozen);
        using ShardSet shards = ShardSet.Open(folder);
        Dictionary<string, (string Stored, long[] Shape)> plan = Plan(shards, config);
        HashSet<string> packed = frozen == FrozenFormat.Compute ? [] : Matrices(config);
        Dictionary<string, Tensor> weights = new(plan.Count, StringComparer.Ordinal);
        try
        {
            foreach ((string name, (string stored, _)) in plan)
            {
                Tensor weight = Load(shards.Holding(stored), stored, dtype, device, inPlace);
                if (!packed.Contains(name)) weights.Add(name, weight);
                else
                {
                    using (weight)
                        foreach ((string part, Tensor tensor) in BlockMatrix.Pack(name, weight, frozen)) weights.Add(part, tensor);
                }
            }
            return weights;
        }
        catch
        {
            foreach (Tensor tensor in weights.Values) tensor.Dispose();
            throw;
        }
    }

    private static Tensor Load(SafetensorsFile file, string stored, ScalarType dtype, Device device, bool inPlace)
    {
        bool whole = dtype == ScalarType.Float32 || file.TypeOf(stored) == dtype;
        return (inPlace && whole && device.type == DeviceType.CPU ? file.Map(stored) : null) ?? file.Read(stored, dtype, device);
    }

    private static HashSet<string> Matrices(TransformerConfig config) =>
        [.. LoraAdapter.Targets(config, [LoraOptions.AllLinear]).Select(target => target.Name + ".weight")];

    private static Dictionary<string, Tensor> Packed(Dictionary<string, Tensor> weights, TransformerConfig config, FrozenFormat frozen)
    {
        if (frozen == FrozenFormat.Compute) return weights;
        foreach (string name in Matrices(config))
        {
            weights.Remove(name, out Tensor? weight);
            using (weight)
                foreach ((string part, Tensor tensor) in BlockMatrix.Pack(name, weight!, frozen)) weights.Add(part, tensor);
        }
        return weights;
    }

    /// <summary>Which stored tensor serves each weight of the model; throws one message that lists every disagreement.</summary>
    internal static Dictionary<string, (string Stored, long[] Shape)> Plan(ShardSet shards, TransformerConfig config)
    {
        Dictionary<string, (string Stored, long[] Shape)> plan = new(StringComparer.Ordinal);
        List<string> problems = [];
        foreach ((string name, long[] shape) in WeightNames.Of(config))
        {
            string expected = $"[{string.Join(", ", shape)}]";
            if (StoredName(shards, config, name) is not { } stored) problems.Add($"{name} {expected} is missing");
            else if (!shards.Entry(stored).Shape.SequenceEqual(shape))
                problems.Add($"{stored} has shape {Excerpt.Of(shards.Entry(stored).ShapeText)}, expected {expected}");
            else plan.Add(name, (stored, shape));
        }

        HashSet<string> used = [.. plan.Values.Select(p => p.Stored)];
        problems.AddRange(shards.Names
            .Where(n => !used.Contains(n) && !plan.ContainsKey(n) && !IsIgnored(n, config, shards))
            .Where(n => !problems.Exists(p => p.StartsWith(n + " ", StringComparison.Ordinal)))
            .Select(n => $"{Excerpt.Of(n)} {Excerpt.Of(shards.Entry(n).ShapeText)} is not part of this model"));
        if (problems.Count == 0) return plan;
        const int Listed = 8;
        string more = problems.Count > Listed ? $"; and {problems.Count - Listed} more" : "";
        throw new InputException(
            $"The weights do not fit {ConfigFile.Name}: {string.Join("; ", problems.Take(Listed))}{more}.",
            shards.Folder,
            "Check that config.json and the safetensors files belong to the same model.");
    }

    /// <summary>
    /// The name itself, or the tensor that shares its memory: by the file's metadata, or because the embeddings are tied.
    /// </summary>
    private static string? StoredName(ShardSet shards, TransformerConfig config, string name)
    {
        if (shards.Contains(name)) return name;
        if (shards.Aliases.TryGetValue(name, out string? alias) && shards.Contains(alias)) return alias;
        return name == WeightNames.Embedding && config.TieEmbeddings
            && !config.IsRewardModel && shards.Contains(WeightNames.LanguageModelHead)
            ? WeightNames.LanguageModelHead
            : null;
    }

    // Old checkpoints store the rotary frequencies, which follow from the configuration; a tied head may be stored twice.
    private static bool IsIgnored(string name, TransformerConfig config, ShardSet shards) =>
        name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal)
        || (name == WeightNames.LanguageModelHead && config.TieEmbeddings
            && !config.IsRewardModel && shards.SameBytes(name, WeightNames.Embedding));
}
