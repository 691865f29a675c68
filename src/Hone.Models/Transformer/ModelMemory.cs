using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// Bytes that a model takes, by what is asked of it: the one account that the engine, the trainer, plans and
/// <c>hone doctor</c> ask.
/// </summary>
internal static class ModelMemory
{
    // TorchSharp does not tell an accelerator's memory: the smallest that a language model is aligned on.
    private const long Accelerator = 16L << 30;

    /// <summary>Bytes that this process may use: physical memory, or a container's limit where that is lower.</summary>
    public static long OfMachine => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes that a process may use on the device.</summary>
    public static long OfDevice(Device device) => device.type == DeviceType.CPU ? OfMachine : Accelerator;

    /// <summary>Bytes for the key/value caches of all batches together: a quarter, half of that in use when one grows.</summary>
    public static long ForCaches(Device device) => OfDevice(device) / 4;

    /// <summary>Numbers in the model's weights.</summary>
    public static long Parameters(TransformerConfig config) => WeightNames.Of(config).Sum(w => w.Shape.Aggregate(1L, (a, b) => a * b));

    /// <summary>Bytes of the weights, held in <paramref name="type"/>.</summary>
    public static long Weights(TransformerConfig config, ScalarType type) => Parameters(config) * type.ElementSize();

    /// <summary>Bytes of one token in the key/value cache.</summary>
    public static long CachePerToken(TransformerConfig config, ScalarType type) =>
        2L * config.LayerCount * config.KeyValueHeadCount * config.HeadDim * type.ElementSize();
}
