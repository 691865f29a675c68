using Hone.Data;
using Hone.Inference.Engines.Cpu;
using Hone.Models;
using TorchSharp;

namespace Hone.Inference;

/// <summary>Which engine runs a model.</summary>
internal static class ForwardEngines
{
    /// <summary>
    /// Hone's own on the CPU, libtorch on an accelerator and for mixtures of experts. Reads the weights as they are now.
    /// </summary>
    public static IForwardEngine Create(Transformer model, SamplingFormat format) =>
        IsOwn(model) ? new CpuEngine(model, Of(format, model)) : new LibtorchEngine(model);

    /// <exception cref="InputException">The format is for the CPU engine, which does not run this model.</exception>
    public static void Check(Transformer model, SamplingFormat format)
    {
        if (format == SamplingFormat.Auto || IsOwn(model)) return;
        throw new InputException(
            model.Config.Experts is null
                ? $"answers are sampled in {format.ToString().ToLowerInvariant()} on the CPU only, and the model is on {model.Device}"
                : $"a mixture of experts ({model.Config.Family}) is sampled in the format that it computes in only",
            fix: "Leave the sampling format at auto.");
    }

    /// <summary>Whether a model's weights are packed, once, and not read again.</summary>
    public static bool Packs(TransformerConfig config, torch.Device device) => device.type == DeviceType.CPU && config.Experts is null;

    private static bool IsOwn(Transformer model) => Packs(model.Config, model.Device);

    private static CpuFormat Of(SamplingFormat format, Transformer model) => format switch
    {
        SamplingFormat.Fp32 => CpuFormat.Float32,
        SamplingFormat.Bf16 => CpuFormat.BFloat16,
        SamplingFormat.Int8 => CpuFormat.Int8,
        SamplingFormat.Int4 => CpuFormat.Int4,
        _ => model.ComputeType == torch.ScalarType.BFloat16 ? CpuFormat.BFloat16 : CpuFormat.Float32,
    };
}
