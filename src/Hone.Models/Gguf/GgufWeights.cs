using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>The weights of a model, under their Hugging Face names, to and from the tensors of a GGUF file.</summary>
internal static class GgufWeights
{
    /// <summary>The tensors to be written.</summary>
    /// <param name="config">The model.</param>
    /// <param name="type">How matrices are stored; vectors, routers and what does not divide into blocks take a wider type.</param>
    /// <param name="weight">A new fp32 tensor of the weight with this name.</param>
    public static List<GgufTensor> Plan(TransformerConfig config, GgufTensorType type, Func<string, Tensor> weight)
    {
        List<GgufTensor> tensors = [.. GgufRope.Tensors(config)];
        foreach (IGrouping<string, (string Name, long[] Shape)> group in Groups(config))
        {
            (string first, long[] shape) = group.First();
            string[] names = [.. group.Select(w => w.Name)];
            bool experts = GgufNames.Of(first, config).Expert is not null;
            long[] whole = experts ? [names.Length, .. shape] : shape;
            Tensor Values() => experts ? Stack(names, weight) : Changed(first, config, weight(first), toGguf: true);
            tensors.Add(new GgufTensor(group.Key, whole, TypeOf(group.Key, shape, config, type), Values));
        }

        return tensors;
    }

    /// <summary>
    /// All weights under their Hugging Face names, as <paramref name="dtype"/> on <paramref name="device"/>; tensors are read
    /// one by one, so memory holds the weights once.
    /// </summary>
    /// <exception cref="InputException">A tensor is missing, unknown, of another shape, or not finite.</exception>
    public static Dictionary<string, Tensor> Load(GgufFile file, TransformerConfig config, ScalarType dtype, Device device)
    {
        Check(file, config);
        Dictionary<string, Tensor> weights = new(StringComparer.Ordinal);
        try
        {
            foreach (IGrouping<string, (string Name, long[] Shape)> group in Groups(config))
            {
                // Stored in fp32 where it is changed, so it is changed in fp32.
                using IDisposable noGrad = no_grad();
                using DisposeScope scope = NewDisposeScope();
                string first = group.First().Name;
                bool experts = GgufNames.Of(first, config).Expert is not null, changes = Changes(first, config);
                Tensor stored = file.Read(group.Key, changes ? ScalarType.Float32 : dtype, changes ? CPU : device);
                foreach ((string name, _) in group)
                {
                    Tensor own = experts
                        ? stored[GgufNames.Of(name, config).Expert!.Value].clone()
                        : Changed(name, config, stored, toGguf: false).to(dtype, device);
                    weights.Add(name, own.DetachFromDisposeScope());
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

    private static void Check(GgufFile file, TransformerConfig config)
    {
        IReadOnlyDictionary<string, GgufEntry> entries = file.Header.Entries;
        HashSet<string> known = [.. GgufRope.Tensors(config).Select(t => t.Name)];
        List<string> problems = [];
        foreach (IGrouping<string, (string Name, long[] Shape)> group in Groups(config))
        {
            known.Add(group.Key);
            (string first, long[] shape) = group.First();
            long[] whole = GgufNames.Of(first, config).Expert is null ? shape : [group.Count(), .. shape];
            if (!entries.TryGetValue(group.Key, out GgufEntry? entry)) problems.Add($"{group.Key} is missing");
            else if (!entry.Shape.SequenceEqual(whole))
                problems.Add($"{group.Key} has shape {entry.ShapeText}, expected [{string.Join(", ", whole)}]");
        }

        problems.AddRange(entries.Keys.Where(n => !known.Contains(n)).Select(n => $"{Excerpt.Of(n)} is not part of this model"));
        if (problems.Count == 0) return;
        const int Listed = 8;
        string more = problems.Count > Listed ? $"; and {problems.Count - Listed} more" : "";
        throw new InputException(
            $"The tensors do not fit the file's own description of the model: {string.Join("; ", problems.Take(Listed))}{more}.",
            file.Path);
    }

    // The weights of each tensor: one, or those of all experts.
    private static IEnumerable<IGrouping<string, (string Name, long[] Shape)>> Groups(TransformerConfig config) =>
        WeightNames.Of(config).GroupBy(w => GgufNames.Of(w.Name, config).Tensor);

    private static GgufTensorType TypeOf(string name, long[] shape, TransformerConfig config, GgufTensorType type)
    {
        if (shape.Length == 1 || name.Contains(".ffn_gate_inp.", StringComparison.Ordinal)) return GgufTensorType.F32;
        if (shape[^1] % type.BlockNumbers() != 0) return GgufTensorType.F16;
        // Errors of the matrix that makes the logits cost most: it stays at 8 bits, and so do tied embeddings.
        bool makesLogits = name == (config.TieEmbeddings ? GgufNames.Embedding : GgufNames.Output);
        return type == GgufTensorType.Q4_0 && makesLogits ? GgufTensorType.Q8_0 : type;
    }

    private static Tensor Stack(string[] names, Func<string, Tensor> weight)
    {
        Tensor[] parts = [.. names.Select(weight)];
        return stack(parts);
    }

    private static bool Changes(string name, TransformerConfig config) =>
        (IsNorm(name) && config.NormWeight == NormWeight.OnePlusBeforeCast)
        || (Heads(name, config) > 0 && GgufConfig.FormOf(config).NeighbourPairs);

    // In this direction and back: rows of q and k in the order of neighbours, and Gemma's norms with the 1 that is added to them.
    private static Tensor Changed(string name, TransformerConfig config, Tensor weight, bool toGguf)
    {
        bool plusOne = IsNorm(name) && config.NormWeight == NormWeight.OnePlusBeforeCast;
        if (plusOne) weight = weight.Plus(toGguf ? 1 : -1);
        if (Heads(name, config) is > 0 and var heads && GgufConfig.FormOf(config).NeighbourPairs)
        {
            long half = config.HeadDim / 2;
            long[] halves = toGguf ? [heads, 2, half] : [heads, half, 2];
            weight = weight.reshape([.. halves, .. weight.shape[1..]]).transpose(1, 2).reshape(weight.shape);
        }

        if (toGguf && GgufConfig.QueryFactor(config) is not 1 and var factor && ScalesQueries(name, config)) weight = weight.Times(factor);
        return weight;
    }

    private static bool IsNorm(string name) => name.EndsWith("norm.weight", StringComparison.Ordinal);

    private static bool ScalesQueries(string name, TransformerConfig config) => config.QueryKeyNorm == QueryKeyNorm.None
        ? name.Contains(".q_proj.", StringComparison.Ordinal)
        : name.EndsWith(".q_norm.weight", StringComparison.Ordinal);

    private static int Heads(string name, TransformerConfig config) =>
        name.Contains(".q_proj.", StringComparison.Ordinal) ? config.HeadCount
        : name.Contains(".k_proj.", StringComparison.Ordinal) ? config.KeyValueHeadCount
        : 0;
}
