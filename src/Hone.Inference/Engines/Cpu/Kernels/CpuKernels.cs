using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>The kernels for one width of vector registers and one number format of the cache; chosen once, when an engine is made.</summary>
internal abstract unsafe class CpuKernels
{
    /// <summary>Bits of the vector registers.</summary>
    public abstract int Width { get; }

    /// <summary>Bytes of a cached number.</summary>
    public abstract int StoreBytes { get; }

    /// <summary>Widths that this processor has, the widest first.</summary>
    public static IEnumerable<int> Widths
    {
        get
        {
            if (Avx512BW.IsSupported && Vector512.IsHardwareAccelerated) yield return 512;
            if (Avx2.IsSupported) yield return 256;
            yield return 128;
        }
    }

    public static CpuKernels Of(int width, bool singleCache) => width switch
    {
        512 => Of<Lanes512, Vector512<float>, Vector512<int>>(width, singleCache),
        256 => Of<Lanes256, Vector256<float>, Vector256<int>>(width, singleCache),
        _ => Of<Lanes128, Vector128<float>, Vector128<int>>(width, singleCache),
    };

    /// <summary>A panel of a matrix times rows of activations, as <see cref="Activations"/> prepares them.</summary>
    /// <param name="to">[rows, 16], <paramref name="toStride"/> apart.</param>
    public abstract void Multiply(PackedMatrix matrix, int panel, int* x, int stride, int rows, float* to, int toStride);

    /// <summary>f(gate) * up of 16 numbers.</summary>
    public abstract void Gate(Activation activation, float* gate, float* up, float* to);

    /// <summary>cap tanh(x / cap), in place; count is a multiple of 16.</summary>
    public abstract void SoftCap(float* x, int count, float cap);

    /// <summary>Queries against one block of a head.</summary>
    public abstract void Attend(AttentionQuery* queries, int count, byte* keys, byte* values, in AttentionShape shape);

    /// <summary>Writes a token's key or value: numbers are <paramref name="stride"/> apart.</summary>
    public abstract void Put(float* from, int count, byte* to, int stride);

    private static CpuKernels Of<TLanes, TFloat, TWord>(int width, bool singleCache)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => singleCache
        ? new CpuKernels<TLanes, TFloat, TWord, SingleStore>(width)
        : new CpuKernels<TLanes, TFloat, TWord, BrainStore>(width);
}

/// <inheritdoc/>
internal sealed unsafe class CpuKernels<TLanes, TFloat, TWord, TStore>(int width) : CpuKernels
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TStore : struct, IStore
{
    private const int Tile = 4;

    public override int Width => width;

    public override int StoreBytes => TStore.Bytes;

    public override void Multiply(PackedMatrix matrix, int panel, int* x, int stride, int rows, float* to, int toStride)
    {
        int* w = (int*)matrix.Panel(panel);
        ushort* scales = (ushort*)((byte*)w + matrix.ScalesAt);
        int row = 0, columns = matrix.PaddedColumns, blocks = columns / BlockQuantizer.Block;
        for (; row <= rows - Tile; row += Tile, x += Tile * (nint)stride, to += Tile * (nint)toStride)
        {
            switch (matrix.Format)
            {
                case CpuFormat.Float32:
                    FloatKernel<TLanes, TFloat, TWord, SinglePairs>.Four(w, columns, (float*)x, stride, to, toStride);
                    break;
                case CpuFormat.BFloat16:
                    FloatKernel<TLanes, TFloat, TWord, BrainPairs>.Four(w, columns, (float*)x, stride, to, toStride);
                    break;
                case CpuFormat.Int8:
                    Int8Kernel<TLanes, TFloat, TWord>.Four(w, scales, blocks, x, stride, to, toStride);
                    break;
                default:
                    Int4Kernel<TLanes, TFloat, TWord>.Four(w, scales, blocks, x, stride, to, toStride);
                    break;
            }
        }
        for (; row < rows; row++, x += stride, to += toStride)
        {
            switch (matrix.Format)
            {
                case CpuFormat.Float32:
                    FloatKernel<TLanes, TFloat, TWord, SinglePairs>.One(w, columns, (float*)x, to);
                    break;
                case CpuFormat.BFloat16:
                    FloatKernel<TLanes, TFloat, TWord, BrainPairs>.One(w, columns, (float*)x, to);
                    break;
                case CpuFormat.Int8:
                    Int8Kernel<TLanes, TFloat, TWord>.One(w, scales, blocks, x, to);
                    break;
                default:
                    Int4Kernel<TLanes, TFloat, TWord>.One(w, scales, blocks, x, to);
                    break;
            }
        }
    }

    public override void Gate(Activation activation, float* gate, float* up, float* to)
    {
        for (int i = 0; i < PackedMatrix.PanelRows; i += TLanes.Count)
        {
            TFloat g = TLanes.Load(gate + i);
            g = activation == Activation.Silu ? LaneMath<TLanes, TFloat, TWord>.Silu(g) : LaneMath<TLanes, TFloat, TWord>.GeluTanh(g);
            TLanes.Store(TLanes.Multiply(g, TLanes.Load(up + i)), to + i);
        }
    }

    public override void SoftCap(float* x, int count, float cap)
    {
        for (int i = 0; i < count; i += TLanes.Count)
            TLanes.Store(LaneMath<TLanes, TFloat, TWord>.SoftCap(TLanes.Load(x + i), cap), x + i);
    }

    public override void Attend(AttentionQuery* queries, int count, byte* keys, byte* values, in AttentionShape shape)
    {
        if (count == Tile)
        {
            AttentionKernel<TLanes, TFloat, TWord, TStore>.Four(queries, keys, values, shape);
            return;
        }
        for (int i = 0; i < count; i++) AttentionKernel<TLanes, TFloat, TWord, TStore>.One(queries + i, keys, values, shape);
    }

    public override void Put(float* from, int count, byte* to, int stride)
    {
        for (int i = 0; i < count; i++) TStore.Put(to + ((long)i * stride * TStore.Bytes), from[i]);
    }
}
