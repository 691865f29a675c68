using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Floats = System.Runtime.Intrinsics.Vector512<float>;
using Words = System.Runtime.Intrinsics.Vector512<int>;

namespace Hone.Inference.Engines.Cpu;

/// <summary>AVX-512 with 16-bit arithmetic (BW).</summary>
internal readonly unsafe struct Lanes512 : ILanes<Floats, Words>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    public static int Count => 16;

    [MethodImpl(Inline)]
    public static Floats Load(float* from) => Vector512.Load(from);

    [MethodImpl(Inline)]
    public static Floats LoadBrain(ushort* from) => (Avx512F.ConvertToVector512Int32(Vector256.Load(from)) << 16).AsSingle();

    [MethodImpl(Inline)]
    public static void Store(Floats v, float* to) => v.Store(to);

    [MethodImpl(Inline)]
    public static Floats Broadcast(float v) => Vector512.Create(v);

    [MethodImpl(Inline)]
    public static Floats MultiplyAdd(Floats a, Floats b, Floats c) => Vector512.MultiplyAddEstimate(a, b, c);

    [MethodImpl(Inline)]
    public static Floats Add(Floats a, Floats b) => a + b;

    [MethodImpl(Inline)]
    public static Floats Subtract(Floats a, Floats b) => a - b;

    [MethodImpl(Inline)]
    public static Floats Multiply(Floats a, Floats b) => a * b;

    [MethodImpl(Inline)]
    public static Floats Divide(Floats a, Floats b) => a / b;

    [MethodImpl(Inline)]
    public static Floats Max(Floats a, Floats b) => Vector512.MaxNative(a, b);

    [MethodImpl(Inline)]
    public static Floats Min(Floats a, Floats b) => Vector512.MinNative(a, b);

    [MethodImpl(Inline)]
    public static float MaxOf(Floats v) => Lanes256.MaxOf(Vector256.MaxNative(v.GetLower(), v.GetUpper()));

    [MethodImpl(Inline)]
    public static float SumOf(Floats v) => Vector512.Sum(v);

    [MethodImpl(Inline)]
    public static Words LoadWords(void* from) => Vector512.Load((int*)from);

    [MethodImpl(Inline)]
    public static Words Broadcast(int v) => Vector512.Create(v);

    [MethodImpl(Inline)]
    public static Words And(Words a, Words b) => a & b;

    [MethodImpl(Inline)]
    public static Words Add(Words a, Words b) => a + b;

    [MethodImpl(Inline)]
    public static Words ShiftLeft(Words a, [ConstantExpected] int bits) => Vector512.ShiftLeft(a, bits);

    [MethodImpl(Inline)]
    public static Words ShiftRight(Words a, [ConstantExpected] int bits) => Vector512.ShiftRightLogical(a, bits);

    [MethodImpl(Inline)]
    public static Floats AsFloat(Words v) => v.AsSingle();

    [MethodImpl(Inline)]
    public static Words AsWords(Floats v) => v.AsInt32();

    [MethodImpl(Inline)]
    public static Floats ToFloat(Words v) => Vector512.ConvertToSingle(v);

    [MethodImpl(Inline)]
    public static Words DotShorts(Words a, Words b) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());

    [MethodImpl(Inline)]
    public static Words DotBytes(Words unsigned, Words signed) =>
        Avx512BW.MultiplyAddAdjacent(unsigned.AsByte(), signed.AsSByte()).AsInt32();

    [MethodImpl(Inline)]
    public static Words AddShorts(Words a, Words b) => (a.AsInt16() + b.AsInt16()).AsInt32();
}
