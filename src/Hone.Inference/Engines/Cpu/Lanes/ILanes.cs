using System.Diagnostics.CodeAnalysis;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// What the kernels need of one width of vector registers, so that each kernel is written once: <typeparamref name="TFloat"/>
/// holds <see cref="Count"/> fp32 numbers, <typeparamref name="TWord"/> as many 32-bit words. Everything is inlined.
/// </summary>
internal unsafe interface ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
{
    static abstract int Count { get; }

    static abstract TFloat Load(float* from);

    /// <summary>As many brain floats, widened.</summary>
    static abstract TFloat LoadBrain(ushort* from);

    static abstract void Store(TFloat v, float* to);

    static abstract TFloat Broadcast(float v);

    static abstract TFloat MultiplyAdd(TFloat a, TFloat b, TFloat c);

    static abstract TFloat Add(TFloat a, TFloat b);

    static abstract TFloat Subtract(TFloat a, TFloat b);

    static abstract TFloat Multiply(TFloat a, TFloat b);

    static abstract TFloat Divide(TFloat a, TFloat b);

    static abstract TFloat Max(TFloat a, TFloat b);

    static abstract TFloat Min(TFloat a, TFloat b);

    static abstract float MaxOf(TFloat v);

    static abstract float SumOf(TFloat v);

    static abstract TWord LoadWords(void* from);

    static abstract TWord Broadcast(int v);

    static abstract TWord And(TWord a, TWord b);

    static abstract TWord Add(TWord a, TWord b);

    static abstract TWord ShiftLeft(TWord a, [ConstantExpected] int bits);

    static abstract TWord ShiftRight(TWord a, [ConstantExpected] int bits);

    static abstract TFloat AsFloat(TWord v);

    static abstract TWord AsWords(TFloat v);

    static abstract TFloat ToFloat(TWord v);

    /// <summary>In each word, the products of its two signed 16-bit halves, added.</summary>
    static abstract TWord DotShorts(TWord a, TWord b);

    /// <summary>In each half of a word, the products of its two bytes, added: a's are unsigned, b's signed. At most 16 bits wide.</summary>
    static abstract TWord DotBytes(TWord unsigned, TWord signed);

    /// <summary>Adds the 16-bit halves of words, each for itself.</summary>
    static abstract TWord AddShorts(TWord a, TWord b);
}
