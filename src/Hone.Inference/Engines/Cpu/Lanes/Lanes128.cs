using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Floats = System.Runtime.Intrinsics.Vector128<float>;
using Words = System.Runtime.Intrinsics.Vector128<int>;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Any processor that .NET runs on: Arm, and x86 without AVX2. No instruction is named.</summary>
internal readonly unsafe struct Lanes128 : ILanes<Floats, Words>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 4;

    [MethodImpl(Inline)]
    public static Floats Load(float* from) => Vector128.Load(from);

    [MethodImpl(Inline)]
    public static Floats LoadBrain(ushort* from) => (Vector128.Create((int)from[0], from[1], from[2], from[3]) << 16).AsSingle();

    [MethodImpl(Inline)]
    public static void Store(Floats v, float* to) => v.Store(to);

    [MethodImpl(Inline)]
    public static Floats Broadcast(float v) => Vector128.Create(v);

    [MethodImpl(Inline)]
    public static Floats MultiplyAdd(Floats a, Floats b, Floats c) => Vector128.MultiplyAddEstimate(a, b, c);

    [MethodImpl(Inline)]
    public static Floats Add(Floats a, Floats b) => a + b;

    [MethodImpl(Inline)]
    public static Floats Subtract(Floats a, Floats b) => a - b;

    [MethodImpl(Inline)]
    public static Floats Multiply(Floats a, Floats b) => a * b;

    [MethodImpl(Inline)]
    public static Floats Divide(Floats a, Floats b) => a / b;

    [MethodImpl(Inline)]
    public static Floats Max(Floats a, Floats b) => Vector128.MaxNative(a, b);

    [MethodImpl(Inline)]
    public static Floats Min(Floats a, Floats b) => Vector128.MinNative(a, b);

    [MethodImpl(Inline)]
    public static float MaxOf(Floats v) => MathF.Max(MathF.Max(v[0], v[1]), MathF.Max(v[2], v[3]));

    [MethodImpl(Inline)]
    public static float SumOf(Floats v) => Vector128.Sum(v);

    [MethodImpl(Inline)]
    public static Words LoadWords(void* from) => Vector128.Load((int*)from);

    [MethodImpl(Inline)]
    public static Words Broadcast(int v) => Vector128.Create(v);

    [MethodImpl(Inline)]
    public static Words And(Words a, Words b) => a & b;

    [MethodImpl(Inline)]
    public static Words Add(Words a, Words b) => a + b;

    [MethodImpl(Inline)]
    public static Words ShiftLeft(Words a, [ConstantExpected] int bits) => Vector128.ShiftLeft(a, bits);

    [MethodImpl(Inline)]
    public static Words ShiftRight(Words a, [ConstantExpected] int bits) => Vector128.ShiftRightLogical(a, bits);

    [MethodImpl(Inline)]
    public static Floats AsFloat(Words v) => v.AsSingle();

    [MethodImpl(Inline)]
    public static Words AsWords(Floats v) => v.AsInt32();

    [MethodImpl(Inline)]
    public static Floats ToFloat(Words v) => Vector128.ConvertToSingle(v);

    [MethodImpl(Inline)]
    public static Words DotShorts(Words a, Words b) => ((a << 16 >> 16) * (b << 16 >> 16)) + ((a >> 16) * (b >> 16));

    [MethodImpl(Inline)]
    public static Words DotBytes(Words unsigned, Words signed)
    {
        Vector128<short> a = unsigned.AsInt16(), b = signed.AsInt16();
        return (((a & Vector128.Create((short)255)) * (b << 8 >> 8)) + ((a >>> 8) * (b >> 8))).AsInt32();
    }

    [MethodImpl(Inline)]
    public static Words AddShorts(Words a, Words b) => (a.AsInt16() + b.AsInt16()).AsInt32();
}
