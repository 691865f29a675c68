namespace Hone.Evaluation;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood 2014): the same numbers on every platform and framework version, so
/// that a published interval can be made again.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>An integer in [0, bound), by the high half of a 64 x 32 bit product (bias below 2^-32).</summary>
    public int Below(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);
}
