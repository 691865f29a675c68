using System.Text.Json;

namespace Hone.Models;

/// <summary>The safetensors files of one model folder, opened and checked against their index.</summary>
internal sealed class ShardSet : IDisposable
{
    public const string SingleFile = "model.safetensors";
    public const string IndexFile = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> _files = [];
    private readonly Dictionary<string, SafetensorsFile> _holder = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _aliases = new(StringComparer.Ordinal);

    private ShardSet(string folder) => Folder = folder;

    public string Folder { get; }

    public IEnumerable<string> Names => _holder.Keys;

    /// <summary>Names that the files' metadata declares to share the memory of a stored tensor.</summary>
    public IReadOnlyDictionary<string, string> Aliases => _aliases;

    /// <summary>Whether a folder has weights of this format.</summary>
    public static bool IsIn(string folder) => File.Exists(Path.Combine(folder, SingleFile)) || File.Exists(Path.Combine(folder, IndexFile));

    public static ShardSet Open(string folder)
    {
        ShardSet set = new(folder);
        try
        {
            string single = Path.Combine(folder, SingleFile), index = Path.Combine(folder, IndexFile);
            bool hasSingle = File.Exists(single), hasIndex = File.Exists(index);
            if (hasSingle && hasIndex)
                throw new InputException(
                    $"The folder holds both {SingleFile} and {IndexFile}.", folder, "Remove the one that is out of date.");
            if (hasSingle) set.Add(single);
            else if (hasIndex) set.AddIndexed(index);
            else throw NoWeights(folder);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    public bool Contains(string name) => _holder.ContainsKey(name);

    public SafetensorsFile Holding(string name) => _holder[name];

    public SafetensorsEntry Entry(string name) => _holder[name].Header.Entries[name];

    /// <summary>True when both tensors are stored and equal bit for bit.</summary>
    public bool SameBytes(string a, string b) =>
        Contains(a) && Contains(b) && Entry(a).Dtype == Entry(b).Dtype && Entry(a).Shape.SequenceEqual(Entry(b).Shape)
        && Holding(a).BytesEqual(Entry(a), Holding(b), Entry(b));

    public void Dispose() => _files.ForEach(f => f.Dispose());

    private void Add(string path)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        _files.Add(file);
        foreach (string name in file.Header.Entries.Keys)
        {
            if (!_holder.TryAdd(name, file))
                throw new InputException($"Tensor {Excerpt.Of(name)} is in two shards: "
                    + $"{Path.GetFileName(_holder[name].Path)} and {Path.GetFileName(path)}.", Folder);
        }

        foreach ((string alias, string stored) in file.Header.Metadata)
        {
            if (alias != "format") _aliases[alias] = stored;
        }
    }

    private void AddIndexed(string index)
    {
        JsonElement root = JsonFile.ReadObject(index);
        if (!root.TryGetProperty("weight_map", out JsonElement map) || map.ValueKind != JsonValueKind.Object)
            throw new InputException("The index has no weight_map.", index);
        Dictionary<string, string> fileOf = new(StringComparer.Ordinal);
        foreach (JsonProperty entry in map.EnumerateObject())
        {
            string file = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
            if (!FileNames.IsPlain(file) || !file.EndsWith(".safetensors", StringComparison.Ordinal))
                throw new InputException($"The index places {Excerpt.Of(entry.Name)} in {ConfigFields.Short(entry.Value)}, "
                    + "which is no safetensors file of this folder.", index);
            fileOf.Add(entry.Name, file);
        }

        foreach (string file in fileOf.Values.Distinct().Order(StringComparer.Ordinal))
        {
            string path = Path.Combine(Folder, file);
            if (!File.Exists(path))
                throw new InputException($"Shard {file}, named by the index, is missing.", Folder, "Copy or download it.");
            Add(path);
        }

        foreach ((string name, string file) in fileOf)
        {
            if (!_holder.TryGetValue(name, out SafetensorsFile? holder) || Path.GetFileName(holder.Path) != file)
                throw new InputException($"The index places {Excerpt.Of(name)} in {file}, which does not hold it.", index);
        }

        if (_holder.Keys.FirstOrDefault(n => !fileOf.ContainsKey(n)) is { } unlisted)
            throw new InputException(
                $"Tensor {Excerpt.Of(unlisted)} of {Path.GetFileName(_holder[unlisted].Path)} is not in the index.", index);
    }

    private static InputException NoWeights(string folder)
    {
        bool pickled = Directory.Exists(folder) && Directory.EnumerateFiles(folder, "pytorch_model*.bin").Any();
        return new InputException(
            $"The folder holds neither {SingleFile} nor {IndexFile}.",
            folder,
            PeftConfig.IsIn(folder) ? "It is a LoRA adapter: hone export --merge makes a whole model of it."
            : pickled ? "Its weights are Python pickles, which can run code and are not read: save the model as safetensors." : null);
    }
}
