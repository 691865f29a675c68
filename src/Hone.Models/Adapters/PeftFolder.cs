using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Tensors of an adapter and of the modules stored with it, in the layout of a PEFT folder.</summary>
public static class PeftFolder
{
    /// <summary>The file of the tensors.</summary>
    public const string WeightsFile = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.", OldModule = ".modules_to_save.default";

    /// <summary>The adapter, and the modules that take the place of the base's, by their Hugging Face names; all in fp32.</summary>
    /// <exception cref="InputException">A tensor is missing, unknown, of another shape, or not finite; or a file is damaged.</exception>
    public static (LoraAdapter Adapter, IReadOnlyDictionary<string, Tensor> Modules) Read(
        string folder, PeftConfig peft, TransformerConfig config, Device device)
    {
        LibTorch.Load();
        string path = Path.Combine(folder, WeightsFile);
        if (!File.Exists(path))
            throw new InputException($"The adapter has no {WeightsFile}.", folder,
                File.Exists(Path.Combine(folder, "adapter_model.bin"))
                    ? "Its weights are a Python pickle, which can run code and is not read: save it as safetensors."
                    : null);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var left = new SortedDictionary<string, string>(StringComparer.Ordinal); // plain name -> stored name
        foreach (string stored in file.Header.Entries.Keys)
        {
            string plain = (stored.StartsWith(Prefix, StringComparison.Ordinal) ? stored[Prefix.Length..] : stored)
                .Replace(OldModule, "", StringComparison.Ordinal);
            if (!left.TryAdd(plain, stored)) throw new InputException($"Tensor {Excerpt.Of(plain)} is there twice.", path);
        }
        using var scope = NewDisposeScope(); // of what was read before something is found wrong
        var pairs = new Dictionary<string, LoraPair>();
        foreach ((string name, long rows, long columns) in LoraAdapter.Targets(config, [LoraOptions.AllLinear]))
        {
            if (!left.Remove(LoraAdapter.NameOfA(name), out string? a) | !left.Remove(LoraAdapter.NameOfB(name), out string? b))
            {
                if (a is null && b is null) continue;
                throw new InputException($"Of {name} one of lora_A and lora_B is missing.", path);
            }
            Tensor down = Shaped(file, a!, [-1, columns], device);
            Tensor up = Shaped(file, b!, [rows, down.shape[0]], device);
            pairs.Add(name, new LoraPair(down, up, peft.ScaleOf(name, down.shape[0])));
        }
        var modules = new Dictionary<string, Tensor>();
        foreach ((string name, long[] shape) in WeightNames.Of(config))
            if (left.Remove(name, out string? stored)) modules.Add(name, Shaped(file, stored, shape, device));
        if (config.IsRewardModel && !modules.ContainsKey(WeightNames.RewardHead))
            throw new InputException($"The adapter of a reward model has no {WeightNames.RewardHead}.", path,
                "Train it with its score head among modules_to_save.");
        if (left.Count > 0)
            throw new InputException($"The adapter holds {Excerpt.Of(left.Values.First())}, which is no part of this model.", path);
        if (pairs.Count == 0) throw new InputException("The adapter adapts no matrix of this model.", path);
        foreach (Tensor module in modules.Values) module.DetachFromDisposeScope();
        return (new LoraAdapter(peft.Options, pairs) { Modules = [.. modules.Keys] }, modules);
    }

    /// <summary>Writes configuration and tensors of a model's adapter into a folder that is there.</summary>
    /// <param name="baseModel">What the configuration names as the base: a folder, or an id of a hub.</param>
    /// <exception cref="InputException">The disk is full.</exception>
    public static void Write(string folder, Transformer model, string baseModel)
    {
        LoraAdapter adapter = model.Adapter ?? throw new ArgumentException("The model has no adapter.", nameof(model));
        using var scope = NewDisposeScope();
        using var off = no_grad();
        var pairs = adapter.Pairs.ToDictionary(p => p.Key, p => p.Value.Flat());
        // Matrices of which some lie on an earlier adapter have ranks of their own only where its targets were fewer.
        long rank = pairs.Values.Max(p => p.Down.shape[0]);
        if (pairs.Values.Any(p => p.Down.shape[0] != rank))
            throw new InputException("adapters with other targets cannot lie on each other",
                fix: "Give adapter.targets as they were for the earlier one.");
        string[] modules = [.. adapter.Modules.Select(name => LoraAdapter.LastPart(name[..^".weight".Length]))];
        LoraOptions o = adapter.Options;
        new PeftConfig(
            o with
            {
                Rank = (int)rank,
                Alpha = o.Scale * (o.RankStabilised ? Math.Sqrt(rank) : rank),
                Targets = [.. pairs.Keys.Select(LoraAdapter.LastPart).Distinct().Order(StringComparer.Ordinal)],
            },
            baseModel, model.Config.IsRewardModel, modules, new Dictionary<string, double>()).Write(folder);
        var tensors = adapter.Modules.ToDictionary(name => Prefix + name, name => model.Weights[name]);
        foreach ((string name, LoraPair pair) in pairs)
        {
            tensors.Add(Prefix + LoraAdapter.NameOfA(name), pair.Down);
            tensors.Add(Prefix + LoraAdapter.NameOfB(name), pair.Up);
        }
        Durable.WriteFile(Path.Combine(folder, WeightsFile), stream => SafetensorsWriter.Write(stream, tensors, ScalarType.Float32));
    }

    private static Tensor Shaped(SafetensorsFile file, string stored, long[] shape, Device device)
    {
        IReadOnlyList<long> found = file.Header.Entries[stored].Shape;
        if (found.Count != shape.Length || found.Where((size, i) => shape[i] >= 0 && size != shape[i]).Any()
            || found.Any(size => size == 0))
            throw new InputException(
                $"Tensor {Excerpt.Of(stored)} has shape [{string.Join(", ", found)}], expected [{string.Join(", ", shape)}]"
                    .Replace("-1", "rank", StringComparison.Ordinal) + ".",
                file.Path, "Check that the adapter belongs to this base model.");
        return file.Read(stored, ScalarType.Float32, device);
    }
}
