using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>From a folder to a model that computes: its weights, those of an adapter's base, and what is to be trained.</summary>
internal static class ModelWeights
{
    /// <exception cref="InputException">The weights or the adapter do not fit, or a file is damaged.</exception>
    public static Transformer Load(string folder, TransformerConfig config, ComputeTarget target, TrainingStart? training)
    {
        // Weights to be trained are fp32 whatever the arithmetic; others are held in the type they compute in.
        ScalarType stored = training is { Adapter: null } ? ScalarType.Float32 : target.Type;
        FrozenFormat frozen = training?.Adapter is null ? FrozenFormat.Compute : training.Frozen;
        if (!PeftConfig.IsIn(folder))
        {
            Dictionary<string, Tensor> whole = WeightFolder.LoadPacked(folder, config, stored, target.Device, frozen);
            return new Transformer(config, whole, target.Type, New(config, target, training));
        }
        PeftConfig peft = PeftConfig.Read(folder);
        Dictionary<string, Tensor> weights = OfBase(ModelPath.Base(folder, peft), config, stored, target.Device, frozen);
        try
        {
            (LoraAdapter adapter, IReadOnlyDictionary<string, Tensor> modules) = PeftFolder.Read(folder, peft, config, target.Device);
            foreach ((string name, Tensor module) in modules)
            {
                if (weights.Remove(name, out Tensor? replaced)) replaced.Dispose();
                weights.Add(name, module);
            }
            return new Transformer(config, weights, target.Type, Trained(adapter, weights, config, target, training));
        }
        catch
        {
            foreach (Tensor weight in weights.Values) weight.Dispose();
            throw;
        }
    }

    private static LoraAdapter? New(TransformerConfig config, ComputeTarget target, TrainingStart? training) =>
        training?.Adapter is { } options ? LoraAdapter.Create(config, options, training.Seed, target.Device) : null;

    private static LoraAdapter? Trained(
        LoraAdapter adapter, Dictionary<string, Tensor> weights, TransformerConfig config, ComputeTarget target, TrainingStart? training)
    {
        if (training is null) return adapter;
        if (training.Adapter is not { } options)
        {
            // All weights are trained: what the adapter adds is one with them.
            LoraMerge.Into(weights, adapter);
            adapter.Dispose();
            return null;
        }
        return training.Fresh ? adapter.Under(New(config, target, training)!) : adapter.With(options.Dropout, adapter.Modules);
    }

    /// <summary>Without the vocabulary's head where the adapter makes a reward model of a language model.</summary>
    private static Dictionary<string, Tensor> OfBase(string folder, TransformerConfig config, ScalarType stored, Device device,
        FrozenFormat frozen)
    {
        TransformerConfig own = ConfigFile.Load(folder);
        Dictionary<string, Tensor> weights = WeightFolder.LoadPacked(folder, own, stored, device, frozen);
        if (config.IsRewardModel && weights.Remove(WeightNames.LanguageModelHead, out Tensor? head)) head.Dispose();
        return weights;
    }
}
