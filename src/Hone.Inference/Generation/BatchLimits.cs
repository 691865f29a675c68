using Hone.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>How much one batch holds; more is done in several batches. On the CPU each thread works on a batch of its own.</summary>
/// <param name="Rows">
/// Most answers in a batch. On the CPU small batches are faster, because their caches stay in the processor's; an
/// accelerator wants many rows.
/// </param>
/// <param name="CacheBytes">Most bytes of a batch's key/value cache, prompts and longest allowed answers together.</param>
/// <param name="PromptTokens">Most prompt tokens in one pass.</param>
internal sealed record BatchLimits(int Rows, long CacheBytes = 1L << 30, int PromptTokens = 1 << 13)
{
    /// <summary>
    /// Limits of a device, whose caches share its memory. Nothing that changes from run to run enters, because batches decide
    /// rounding.
    /// </summary>
    public static BatchLimits For(Device device) => device.type == DeviceType.CPU
        ? new(Rows: 128, CacheBytes: ModelMemory.ForCaches(device) / get_num_threads())
        : new(Rows: 512, CacheBytes: ModelMemory.ForCaches(device));

    /// <summary>Most tokens of a batch's cache for that model; at least one answer is always served.</summary>
    internal long CacheTokens(TransformerConfig config, ScalarType type) => CacheBytes / ModelMemory.CachePerToken(config, type);
}
