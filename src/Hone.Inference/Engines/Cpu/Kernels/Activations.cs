namespace Hone.Inference.Engines.Cpu;

/// <summary>What a packed matrix is multiplied with: fp32 rows as they are, or quantised in blocks.</summary>
internal sealed unsafe class Activations : IDisposable
{
    private readonly NativeBuffer<int> _quantised = new();

    public int* Rows { get; private set; }

    /// <summary>Words from one row to the next.</summary>
    public int Stride { get; private set; }

    /// <summary>Makes room; <see cref="Set"/> then fills it row by row.</summary>
    /// <param name="x">[rows, stride], of which the matrix's padded columns are read.</param>
    public void Prepare(PackedMatrix matrix, int rows, float* x, int stride)
    {
        int blocks = matrix.PaddedColumns / BlockQuantizer.Block;
        Stride = matrix.Format switch
        {
            CpuFormat.Int8 => blocks * BlockQuantizer.ShortsBlock,
            CpuFormat.Int4 => blocks * BlockQuantizer.BytesBlock,
            _ => stride,
        };
        Rows = PackedMatrix.IsQuantised(matrix.Format) ? _quantised.Grow((long)rows * Stride) : (int*)x;
    }

    /// <summary>From several threads, each its own rows.</summary>
    public void Set(PackedMatrix matrix, int row, float* x)
    {
        if (matrix.Format == CpuFormat.Int8) BlockQuantizer.ToShorts(x, matrix.PaddedColumns, Rows + ((long)row * Stride));
        else if (matrix.Format == CpuFormat.Int4) BlockQuantizer.ToBytes(x, matrix.PaddedColumns, Rows + ((long)row * Stride));
    }

    public void Dispose() => _quantised.Dispose();
}
