using Hone.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>How much is computed side by side.</summary>
/// <param name="Rows">Most answers at once.</param>
/// <param name="CacheBytes">Most bytes of keys and values; one answer is always served.</param>
/// <param name="PassTokens">Most tokens of a pass in which nobody waits for a next token.</param>
/// <param name="SharedPassTokens">Most tokens of a pass in which some do: a long prompt is read in pieces of this size.</param>
internal sealed record BatchLimits(int Rows, long CacheBytes = 1L << 30, int PassTokens = 1 << 12, int SharedPassTokens = 1 << 9)
{
    /// <summary>
    /// Limits of a device, whose cache shares its memory. Nothing that changes from run to run enters, because batches decide
    /// rounding.
    /// </summary>
    public static BatchLimits For(Device device) => device.type == DeviceType.CPU
        ? new(Rows: 128 * get_num_threads(), CacheBytes: ModelMemory.ForCaches(device))
        : new(Rows: 512, CacheBytes: ModelMemory.ForCaches(device), PassTokens: 1 << 13, SharedPassTokens: 1 << 11);
}
