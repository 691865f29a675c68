using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Functions of each lane, to 2 units in the last place or an absolute error of 2e-7.</summary>
internal static class LaneMath<TLanes, TFloat, TWord>
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
{
    /// <summary>
    /// e^x = 2^n e^r with whole n and |r| at most ln(2) / 2, of which a polynomial gives the power (Cephes, expf). x is held
    /// between -87 and 88, where the result is a normal number.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Exp(TFloat x)
    {
        // Added, it leaves the nearest whole number in the low bits.
        const float Rounder = 12582912;
        x = TLanes.Min(TLanes.Max(x, TLanes.Broadcast(-87f)), TLanes.Broadcast(88f));
        TFloat shifted = TLanes.MultiplyAdd(x, TLanes.Broadcast(1.44269504f), TLanes.Broadcast(Rounder));
        TFloat n = TLanes.Subtract(shifted, TLanes.Broadcast(Rounder));
        TFloat r = TLanes.MultiplyAdd(n, TLanes.Broadcast(-0.693359375f), x);
        r = TLanes.MultiplyAdd(n, TLanes.Broadcast(2.12194440e-4f), r);
        TFloat p = TLanes.MultiplyAdd(r, TLanes.Broadcast(1.9875691500e-4f), TLanes.Broadcast(1.3981999507e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(8.3334519073e-3f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(4.1665795894e-2f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(1.6666665459e-1f));
        p = TLanes.MultiplyAdd(p, r, TLanes.Broadcast(5.0000001201e-1f));
        p = TLanes.MultiplyAdd(p, TLanes.Multiply(r, r), TLanes.Add(r, TLanes.Broadcast(1f)));
        return TLanes.AsFloat(TLanes.Add(TLanes.AsWords(p), TLanes.ShiftLeft(TLanes.AsWords(shifted), 23)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Tanh(TFloat x)
    {
        TFloat one = TLanes.Broadcast(1f), two = TLanes.Broadcast(2f);
        return TLanes.Subtract(one, TLanes.Divide(two, TLanes.Add(Exp(TLanes.Multiply(x, two)), one)));
    }

    /// <summary>x / (1 + e^-x)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat Silu(TFloat x) =>
        TLanes.Divide(x, TLanes.Add(TLanes.Broadcast(1f), Exp(TLanes.Subtract(TLanes.Broadcast(0f), x))));

    /// <summary>x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), arXiv 1606.08415.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat GeluTanh(TFloat x)
    {
        TFloat one = TLanes.Broadcast(1f);
        TFloat inner = TLanes.MultiplyAdd(TLanes.Multiply(x, x), TLanes.Broadcast(0.044715f), one);
        inner = TLanes.Multiply(TLanes.Multiply(x, TLanes.Broadcast(0.7978845608f)), inner);
        return TLanes.Multiply(TLanes.Multiply(x, TLanes.Broadcast(0.5f)), TLanes.Add(Tanh(inner), one));
    }

    /// <summary>cap tanh(x / cap)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TFloat SoftCap(TFloat x, float cap) =>
        TLanes.Multiply(Tanh(TLanes.Multiply(x, TLanes.Broadcast(1 / cap))), TLanes.Broadcast(cap));
}
