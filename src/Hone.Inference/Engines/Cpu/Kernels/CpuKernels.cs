using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>The kernels for one width of vectors and one number format of the cache; chosen once, when an engine is made.</summary>
internal abstract unsafe class CpuKernels
{
    public abstract CpuPath Path { get; }

    /// <summary>Bytes of a cached number.</summary>
    public abstract int StoreBytes { get; }

    /// <summary>Those that this processor has, the fastest first.</summary>
    public static IEnumerable<CpuPath> Paths
    {
        get
        {
            bool wide = Avx512BW.IsSupported && Vector512.IsHardwareAccelerated;
            if (wide && NativeKernels.IsSupported) yield return new CpuPath(512, Native: true);
            if (wide) yield return new CpuPath(512, Native: false);
            if (Avx2.IsSupported) yield return new CpuPath(256, Native: false);
            yield return new CpuPath(128, Native: false);
        }
    }

    public static CpuKernels Of(CpuPath path, bool singleCache) => path.Width switch
    {
        512 => Of<Lanes512, Vector512<float>, Vector512<int>>(path, singleCache),
        256 => Of<Lanes256, Vector256<float>, Vector256<int>>(path, singleCache),
        _ => Of<Lanes128, Vector128<float>, Vector128<int>>(path, singleCache),
    };

    /// <summary>Neighbouring panels of a matrix times rows of activations, as <see cref="Activations"/> prepares them.</summary>
    /// <param name="to">[rows, panels * 16], <paramref name="toStride"/> apart.</param>
    public abstract void Multiply(PackedMatrix matrix, int panel, int panels, Activations x, int rows, float* to, int toStride);

    /// <summary>f(gate) * up of 16 numbers.</summary>
    public abstract void Gate(Activation activation, float* gate, float* up, float* to);

    /// <summary>cap tanh(x / cap), in place; count is a multiple of 16.</summary>
    public abstract void SoftCap(float* x, int count, float cap);

    /// <summary>Queries against one block of a head.</summary>
    /// <param name="next">Bytes from this block to the one that comes next, which is asked for meanwhile.</param>
    public abstract void Attend(AttentionQuery* queries, int count, byte* keys, byte* values, nint next, in AttentionShape shape);

    /// <summary>Writes a token's key into its place among those of a block.</summary>
    public abstract void PutKey(float* from, int count, byte* keys, int place);

    /// <summary>Writes a token's value.</summary>
    public abstract void PutValue(float* from, int count, byte* to);

    private static CpuKernels Of<TLanes, TFloat, TWord>(CpuPath path, bool singleCache)
        where TLanes : struct, ILanes<TFloat, TWord>
        where TFloat : unmanaged
        where TWord : unmanaged => singleCache
        ? new CpuKernels<TLanes, TFloat, TWord, SingleStore>(path)
        : new CpuKernels<TLanes, TFloat, TWord, BrainStore>(path);
}

/// <inheritdoc/>
internal sealed unsafe class CpuKernels<TLanes, TFloat, TWord, TStore>(CpuPath path) : CpuKernels
    where TLanes : struct, ILanes<TFloat, TWord>
    where TFloat : unmanaged
    where TWord : unmanaged
    where TStore : struct, IStore
{
    private const int Tile = 4;

    public override CpuPath Path => path;

    public override int StoreBytes => TStore.Bytes;

    public override void Multiply(PackedMatrix matrix, int panel, int panels, Activations x, int rows, float* to, int toStride)
    {
        int blocks = matrix.PaddedColumns / BlockQuantizer.Block;
        switch (matrix.Format)
        {
            case CpuFormat.Float32:
                FloatKernel<TLanes, TFloat, TWord, SingleStore>.Multiply(matrix, panel, panels, x, rows, to, toStride);
                break;
            case CpuFormat.BFloat16:
                FloatKernel<TLanes, TFloat, TWord, BrainStore>.Multiply(matrix, panel, panels, x, rows, to, toStride);
                break;
            case CpuFormat.Int8 when path.Native:
                NativeKernels.Int8(matrix.Panel(panel), matrix.PanelBytes, panels, blocks, x.Rows, rows, to, toStride);
                break;
            case CpuFormat.Int8:
                Quantised(matrix, panel, panels, x, rows, to, toStride,
                    &Int8Kernel<TLanes, TFloat, TWord>.One, &Int8Kernel<TLanes, TFloat, TWord>.Four);
                break;
            case CpuFormat.Int4 when path.Native:
                NativeKernels.Int4(matrix.Panel(panel), matrix.PanelBytes, panels, blocks, x.Rows, rows, to, toStride);
                break;
            default:
                Quantised(matrix, panel, panels, x, rows, to, toStride,
                    &Int4Kernel<TLanes, TFloat, TWord>.One, &Int4Kernel<TLanes, TFloat, TWord>.Four);
                break;
        }
    }

    /// <summary>Panel by panel, four rows at once and the last ones alone.</summary>
    private static void Quantised(
        PackedMatrix matrix, int panel, int panels, Activations x, int rows, float* to, nint toStride,
        delegate*<int*, ushort*, int, int*, float*, void> one, delegate*<int*, ushort*, int, int*, float*, nint, void> four)
    {
        int blocks = matrix.PaddedColumns / BlockQuantizer.Block;
        for (int end = panel + panels; panel < end; panel++, to += PackedMatrix.PanelRows)
        {
            int* w = (int*)matrix.Panel(panel);
            ushort* scales = (ushort*)((byte*)w + matrix.ScalesAt);
            int row = 0;
            for (; row <= rows - Tile; row += Tile) four(w, scales, blocks, x.At(row), to + (row * toStride), toStride);
            for (; row < rows; row++) one(w, scales, blocks, x.At(row), to + (row * toStride));
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

    public override void Attend(AttentionQuery* queries, int count, byte* keys, byte* values, nint next, in AttentionShape shape)
    {
        if (count == Tile)
        {
            AttentionKernel<TLanes, TFloat, TWord, TStore>.Four(queries, keys, values, next, shape);
            return;
        }
        for (int i = 0; i < count; i++) AttentionKernel<TLanes, TFloat, TWord, TStore>.One(queries + i, keys, values, next, shape);
    }

    public override void PutKey(float* from, int count, byte* keys, int place) =>
        TStore.PutRow(from, count, AttentionKernel<TLanes, TFloat, TWord, TStore>.Keys(keys, place, count));

    public override void PutValue(float* from, int count, byte* to) => TStore.Put(from, count, to);
}

/// <summary>A way of computing.</summary>
/// <param name="Width">Bits of the vector registers.</param>
/// <param name="Native">Whether products of bytes are computed by <see cref="NativeKernels"/>.</param>
internal readonly record struct CpuPath(int Width, bool Native);
