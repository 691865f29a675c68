namespace Hone.Inference;

/// <summary>
/// Philox4x32-10, a counter-based random generator (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"):
/// a pure function of key and counter, so any draw can be made alone, in any order, on any thread.
/// </summary>
internal static class Philox
{
    private const int Rounds = 10;
    private const uint KeyStep0 = 0x9E3779B9, KeyStep1 = 0xBB67AE85;
    private const uint Multiplier0 = 0xD2511F53, Multiplier1 = 0xCD9E8D57;

    /// <summary>Four random words for a counter of four words under a key of two.</summary>
    public static (uint X0, uint X1, uint X2, uint X3) Block((uint X0, uint X1, uint X2, uint X3) counter, (uint K0, uint K1) key)
    {
        (uint x0, uint x1, uint x2, uint x3) = counter;
        (uint k0, uint k1) = key;
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * x0, product1 = (ulong)Multiplier1 * x2;
            (x0, x1, x2, x3) = ((uint)(product1 >> 32) ^ x1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ x3 ^ k1, (uint)product0);
            k0 = unchecked(k0 + KeyStep0);
            k1 = unchecked(k1 + KeyStep1);
        }
        return (x0, x1, x2, x3);
    }

    /// <summary>A uniform number in [0, 1) with 53 random bits for one token: request seed, answer index, step.</summary>
    public static double Uniform(ulong seed, int answer, int step)
    {
        (uint x0, uint x1, _, _) = Block(((uint)step, (uint)answer, 0, 0), ((uint)seed, (uint)(seed >> 32)));
        return (((ulong)x0 << 32 | x1) >> 11) * (1.0 / (1UL << 53));
    }
}
