namespace Hone.Inference;

/// <summary>How much one batch holds; more is done in several batches. On the CPU each thread works on a batch of its own.</summary>
/// <param name="Rows">
/// Most answers in a batch. On the CPU small batches are faster, because their caches stay in the processor's; an
/// accelerator wants many rows.
/// </param>
/// <param name="CacheTokens">Most tokens in a batch's key/value cache, prompts and longest allowed answers together.</param>
/// <param name="PromptTokens">Most prompt tokens in one pass.</param>
public sealed record BatchLimits(int Rows, long CacheTokens = 1 << 18, int PromptTokens = 1 << 13)
{
    public static BatchLimits ForCpu { get; } = new(Rows: 128);

    public static BatchLimits ForAccelerator { get; } = new(Rows: 512);
}
