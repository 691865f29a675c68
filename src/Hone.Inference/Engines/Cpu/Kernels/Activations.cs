namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// What a packed matrix is multiplied with: fp32 rows as they are, or quantised in blocks, of which those of 8 rows at the same place
/// lie side by side.
/// </summary>
/// <param name="bytes">Whether kernels take bytes for 8-bit weights too, not shorts.</param>
internal sealed unsafe class Activations(bool bytes) : IDisposable
{
    public const int TileRows = 8;

    private readonly NativeBuffer<int> _quantised = new();
    private int _blocks, _blockWords;
    private CpuFormat _format;

    public int* Rows { get; private set; }

    /// <summary>Words from one row to the next, where they are fp32.</summary>
    public int Stride { get; private set; }

    /// <summary>Makes room; <see cref="Set"/> then fills it row by row.</summary>
    /// <param name="x">[rows, stride], of which the matrix's padded columns are read.</param>
    public void Prepare(PackedMatrix matrix, int rows, float* x, int stride)
    {
        (_format, _blocks, Stride) = (matrix.Format, matrix.PaddedColumns / BlockQuantizer.Block, stride);
        _blockWords = _format == CpuFormat.Int8 && !bytes ? BlockQuantizer.ShortsBlock : BlockQuantizer.BytesBlock;
        long tiles = (rows + TileRows - 1) / TileRows;
        Rows = PackedMatrix.IsQuantised(_format) ? _quantised.Grow(tiles * TileRows * _blocks * _blockWords) : (int*)x;
    }

    /// <summary>From several threads, each its own rows.</summary>
    public void Set(int row, float* x)
    {
        if (!PackedMatrix.IsQuantised(_format)) return;
        int columns = _blocks * BlockQuantizer.Block, stride = TileRows * _blockWords;
        int* to = At(row);
        if (_format == CpuFormat.Int4) BlockQuantizer.ToBytes(x, columns, to, stride, added: 8);
        else if (bytes) BlockQuantizer.ToBytes(x, columns, to, stride, added: 128);
        else BlockQuantizer.ToShorts(x, columns, to, stride);
    }

    /// <summary>A row's beginning.</summary>
    public int* At(int row) => PackedMatrix.IsQuantised(_format)
        ? Rows + ((long)(row / TileRows) * TileRows * _blocks * _blockWords) + (row % TileRows * _blockWords)
        : Rows + ((long)row * Stride);

    public void Dispose() => _quantised.Dispose();
}
