using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Writes weights as Hugging Face safetensors. The bytes depend on the weights alone, not on time, place or dictionary order.
/// </summary>
internal static class WeightWriter
{
    /// <summary>The shard size that transformers 5 uses.</summary>
    public const long DefaultShardBytes = 5_000_000_000;

    /// <summary>
    /// Writes <paramref name="weights"/> as <paramref name="dtype"/> into <paramref name="folder"/>: one
    /// <c>model.safetensors</c>, or shards of at most <paramref name="maxShardBytes"/> of data (more only for a single larger
    /// tensor) with an index. Files appear whole, the index last; tensors are converted one at a time. A tied head is not written.
    /// </summary>
    /// <exception cref="InputException">The folder holds weights already, or the disk is full; then nothing is left behind.</exception>
    /// <exception cref="ArgumentException">The weights are not those of <paramref name="config"/>.</exception>
    /// <exception cref="InvalidOperationException">A weight is NaN or infinite, or too large for <paramref name="dtype"/>.</exception>
    public static void SaveWeights(
        string folder, IReadOnlyDictionary<string, Tensor> weights, TransformerConfig config, ScalarType dtype,
        long maxShardBytes = DefaultShardBytes)
    {
        if (dtype is not (ScalarType.Float32 or ScalarType.Float16 or ScalarType.BFloat16))
            throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "F32, F16 or BF16");
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        List<StoredTensor> tensors = [.. WeightNames.Of(config).Select(w => new StoredTensor(w.Name, w.Shape, dtype))];
        RequireSame(tensors, weights, config);
        RefuseExisting(folder);
        List<List<StoredTensor>> shards = Split(tensors, maxShardBytes);
        string NameOf(int i) => shards.Count == 1 ? ShardSet.SingleFile : $"model-{i + 1:D5}-of-{shards.Count:D5}.safetensors";

        List<(string Partial, string Path)> written = [];
        void Write(string name, Action<Stream> write)
        {
            string path = Path.Combine(folder, name);
            written.Add((Durable.WritePartial(path, write), path));
        }

        try
        {
            Directory.CreateDirectory(folder);
            for (int i = 0; i < shards.Count; i++)
            {
                List<StoredTensor> shard = shards[i];
                Write(NameOf(i), stream => SafetensorsWriter.Write(stream, shard, weights));
            }

            if (shards.Count > 1) Write(ShardSet.IndexFile, stream => WriteIndex(stream, shards, NameOf));
            foreach ((string partial, string path) in written)
            {
                // The index never names a shard that is not there.
                if (Path.GetFileName(path) == ShardSet.IndexFile) Durable.SyncFolder(folder);
                Durable.Commit(partial, path);
            }

            Durable.SyncFolder(folder);
        }
        catch (Exception e)
        {
            foreach ((string partial, string path) in written)
            {
                Durable.Discard(partial);
                Durable.Discard(path);
            }

            if (e is IOException or UnauthorizedAccessException) throw Durable.Failed(folder, e);
            throw;
        }
    }

    private static void RequireSame(List<StoredTensor> tensors, IReadOnlyDictionary<string, Tensor> weights, TransformerConfig config)
    {
        foreach (StoredTensor tensor in tensors)
        {
            if (!weights.TryGetValue(tensor.Name, out Tensor? weight))
                throw new ArgumentException($"{tensor.Name} is missing", nameof(weights));
            if (!weight.shape.SequenceEqual(tensor.Shape))
                throw new ArgumentException(
                    $"{tensor.Name} has shape [{string.Join(", ", weight.shape)}], not [{string.Join(", ", tensor.Shape)}]",
                    nameof(weights));
        }

        HashSet<string> names = [.. tensors.Select(t => t.Name)];
        if (config.TieEmbeddings) names.Add(WeightNames.LanguageModelHead);
        if (weights.Keys.FirstOrDefault(n => !names.Contains(n)) is { } extra)
            throw new ArgumentException($"{extra} is not part of the model", nameof(weights));
    }

    private static void RefuseExisting(string folder)
    {
        if (!Directory.Exists(folder)) return;
        string? existing = Directory.EnumerateFiles(folder).Select(f => Path.GetFileName(f))
            .FirstOrDefault(f => f.StartsWith("model", StringComparison.Ordinal)
                && (f.EndsWith(".safetensors", StringComparison.Ordinal) || f == ShardSet.IndexFile));
        if (existing is not null) throw new InputException($"The folder holds weights already ({existing}).", folder, "Give a new folder.");
    }

    private static List<List<StoredTensor>> Split(List<StoredTensor> tensors, long maxShardBytes)
    {
        List<List<StoredTensor>> shards = [[]];
        long used = 0;
        foreach (StoredTensor tensor in tensors)
        {
            if (used > 0 && used + tensor.Length > maxShardBytes)
            {
                shards.Add([]);
                used = 0;
            }

            shards[^1].Add(tensor);
            used += tensor.Length;
        }

        return shards;
    }

    private static void WriteIndex(Stream stream, List<List<StoredTensor>> shards, Func<int, string> nameOf)
    {
        SortedDictionary<string, string> fileOf = new(StringComparer.Ordinal);
        for (int i = 0; i < shards.Count; i++)
        {
            foreach (StoredTensor tensor in shards[i]) fileOf.Add(tensor.Name, nameOf(i));
        }

        JsonFile.Write(stream, json =>
        {
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", shards.Sum(s => s.Sum(t => t.Length)));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            foreach ((string name, string file) in fileOf) json.WriteString(name, file);
            json.WriteEndObject();
        });
    }
}
