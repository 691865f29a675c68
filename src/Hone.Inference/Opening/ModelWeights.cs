using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>From a folder to a model that computes: its weights, those of an adapter's base, and what is to be trained.</summary>
internal static class ModelWeights
{
    /// <param name="packs">Whether all that is done with the weights is to pack them, as the CPU engine does.</param>
    /// <exception cref="InputException">The weights or the adapter do not fit, or a file is damaged.</exception>
    public static Transformer Load(
        string folder, TransformerConfig config, ComputeTarget target, TrainingStart? training, bool packs = false)
    {
        // Weights to be trained are fp32 whatever the arithmetic; others are held in the type they compute in.
        ScalarType stored = training is { Adapter: null } ? ScalarType.Float32 : target.Type;
        FrozenFormat frozen = training?.Adapter is null ? FrozenFormat.Compute : training.Frozen;
        PeftConfig? peft = PeftConfig.IsIn(folder) ? PeftConfig.Read(folder) : null;
        Dictionary<string, Tensor> weights = peft is null
            ? WeightFolder.LoadPacked(folder, config, stored, target.Device, frozen, inPlace: packs)
            : OfBase(ModelPath.Base(folder, peft), config, stored, target.Device, frozen, packs);
        try
        {
            LoraAdapter? adapter = peft is null
                ? New(config, weights, target, training)
                : Adapted(folder, peft, config, weights, target, training);
            return new Transformer(config, weights, target.Type, adapter);
        }
        catch
        {
            foreach (Tensor weight in weights.Values) weight.Dispose();
            throw;
        }
    }

    /// <summary>The adapter to be trained where the model has none; modules that are trained beside it become fp32.</summary>
    private static LoraAdapter? New(
        TransformerConfig config, Dictionary<string, Tensor> weights, ComputeTarget target, TrainingStart? training)
    {
        if (training?.Adapter is not { } options) return null;
        LoraAdapter adapter = LoraAdapter.Create(config, options, training.Seed, target.Device);
        foreach (string module in adapter.Modules) Replace(weights, module, weights[module].to(ScalarType.Float32, copy: true));
        return adapter;
    }

    /// <summary>The adapter of a folder, or what is trained in its place; its modules take the place of the base's.</summary>
    private static LoraAdapter? Adapted(
        string folder, PeftConfig peft, TransformerConfig config, Dictionary<string, Tensor> weights, ComputeTarget target,
        TrainingStart? training)
    {
        (LoraAdapter adapter, IReadOnlyDictionary<string, Tensor> modules) = PeftFolder.Read(folder, peft, config, target.Device);
        foreach ((string name, Tensor module) in modules) Replace(weights, name, module);
        if (training is null) return adapter;
        if (training.Adapter is not { } options)
        {
            // All weights are trained: what the adapter adds is one with them.
            LoraMerge.Into(weights, adapter);
            adapter.Dispose();
            return null;
        }
        return training.Fresh ? adapter.Under(New(config, weights, target, training)!) : adapter.With(options.Dropout, adapter.Modules);
    }

    private static void Replace(Dictionary<string, Tensor> weights, string name, Tensor by)
    {
        if (weights.Remove(name, out Tensor? replaced)) replaced.Dispose();
        weights.Add(name, by);
    }

    /// <summary>Without the vocabulary's head where the adapter makes a reward model of a language model.</summary>
    private static Dictionary<string, Tensor> OfBase(string folder, TransformerConfig config, ScalarType stored, Device device,
        FrozenFormat frozen, bool packs)
    {
        TransformerConfig own = ConfigFile.Load(folder);
        Dictionary<string, Tensor> weights = WeightFolder.LoadPacked(folder, own, stored, device, frozen, inPlace: packs);
        if (config.IsRewardModel && weights.Remove(WeightNames.LanguageModelHead, out Tensor? head)) head.Dispose();
        return weights;
    }
}
