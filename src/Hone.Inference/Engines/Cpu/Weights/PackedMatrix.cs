using System.Runtime.CompilerServices;

namespace Hone.Inference.Engines.Cpu;

/// <summary>
/// A matrix [rows, columns] in the order in which kernels read it. 16 rows are a panel; a panel is a sequence of lines of 64 bytes,
/// one 32-bit word of each of its rows: a single, two brain floats, four bytes or eight times 4 bits of neighbouring
/// columns. The scales of blocks, 16 brain floats for each block of 32 columns, follow the panel's lines. Rows and columns are filled
/// up with numbers that do not count.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    public const int PanelRows = 16, LineBytes = 64;

    private readonly NativeBuffer<byte> _data;

    private PackedMatrix(CpuFormat format, int rows, int columns)
    {
        (Format, Rows, Columns) = (format, rows, columns);
        PaddedColumns = RoundUp(columns, BlockQuantizer.Block);
        Panels = RoundUp(rows, PanelRows) / PanelRows;
        Lines = PaddedColumns / ColumnsPerWord(format);
        ScalesAt = (long)Lines * LineBytes;
        int scaleBytes = IsQuantised(format) ? PaddedColumns / BlockQuantizer.Block * PanelRows * sizeof(ushort) : 0;
        PanelBytes = RoundUp((int)ScalesAt + scaleBytes, LineBytes);
        _data = new NativeBuffer<byte>(Panels * PanelBytes);
    }

    public CpuFormat Format { get; }

    public int Rows { get; }

    public int Columns { get; }

    /// <summary>A multiple of 32.</summary>
    public int PaddedColumns { get; }

    public int Panels { get; }

    /// <summary>Of a panel.</summary>
    public int Lines { get; }

    /// <summary>From a panel's beginning, in bytes.</summary>
    public long ScalesAt { get; }

    public long PanelBytes { get; }

    public long Bytes => _data.Length;

    public static bool IsQuantised(CpuFormat format) => format is CpuFormat.Int8 or CpuFormat.Int4;

    public byte* Panel(int panel) => _data.Pointer + (panel * PanelBytes);

    /// <summary>Packs a matrix whose rows <paramref name="read"/> gives, on all cores.</summary>
    /// <param name="read">Writes a row's columns; false for a row that does not count. Called from several threads.</param>
    public static PackedMatrix Pack(CpuFormat format, int rows, int columns, RowReader read)
    {
        var matrix = new PackedMatrix(format, rows, columns);
        Parallel.For(0, matrix.Panels, () => new NativeBuffer<float>(matrix.PaddedColumns), (panel, _, scratch) =>
        {
            matrix.PackPanel(panel, read, scratch);
            return scratch;
        }, scratch => scratch.Dispose());
        return matrix;
    }

    /// <summary>A row as fp32, as it is after packing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Unpack(int row, Span<float> to)
    {
        byte* panel = Panel(row / PanelRows);
        int lane = row % PanelRows;
        uint* words = (uint*)panel + lane;
        if (Format == CpuFormat.Int8)
        {
            // Embeddings of every token come from here.
            ushort* scales = (ushort*)(panel + ScalesAt) + lane;
            for (int k = 0; k < Columns; k++)
            {
                int within = k % BlockQuantizer.Block, line = (k / BlockQuantizer.Block * 8) + (within % 8);
                float scale = BrainFloat.ToSingle(scales[k / BlockQuantizer.Block * PanelRows]);
                to[k] = ((int)((words[line * PanelRows] >> (within / 8 * 8)) & 255) - 128) * scale;
            }
            return;
        }
        for (int column = 0; column < Columns; column++) to[column] = Value(panel, lane, column);
    }

    public void Dispose() => _data.Dispose();

    internal static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;

    private static int ColumnsPerWord(CpuFormat format) => format switch
    {
        CpuFormat.Float32 => 1,
        CpuFormat.BFloat16 => 2,
        CpuFormat.Int8 => 4,
        _ => 8,
    };

    private float Value(byte* panel, int lane, int column)
    {
        uint Word(int line) => ((uint*)(panel + (line * LineBytes)))[lane];
        int block = column / BlockQuantizer.Block, within = column % BlockQuantizer.Block, group = within % 8, shift = within / 8 * 8;
        float Scale() => BrainFloat.ToSingle(((ushort*)(panel + ScalesAt))[(block * PanelRows) + lane]);
        return Format switch
        {
            CpuFormat.Float32 => BitConverter.UInt32BitsToSingle(Word(column)),
            CpuFormat.BFloat16 => BrainFloat.ToSingle((ushort)(Word(column / 2) >> (column % 2 * 16))),
            _ => ((int)((Word((block * 4) + (group % 4)) >> (shift + (group / 4 * 4))) & 15) - 8) * Scale(),
        };
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackPanel(int panel, RowReader read, NativeBuffer<float> scratch)
    {
        float* row = scratch.Pointer;
        byte* at = Panel(panel);
        for (int lane = 0; lane < PanelRows; lane++)
        {
            int index = (panel * PanelRows) + lane;
            if (index >= Rows || !read(index, new Span<float>(row, Columns))) continue;
            PackRow(row, (uint*)at + lane, (ushort*)(at + ScalesAt) + lane);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackRow(float* row, uint* words, ushort* scales)
    {
        const int Stride = PanelRows;
        uint* block = stackalloc uint[8];
        switch (Format)
        {
            case CpuFormat.Float32:
                for (int k = 0; k < PaddedColumns; k++) words[k * Stride] = BitConverter.SingleToUInt32Bits(row[k]);
                break;
            case CpuFormat.BFloat16:
                for (int k = 0; k < PaddedColumns; k += 2)
                    words[k / 2 * Stride] = BrainFloat.Round(row[k]) | ((uint)BrainFloat.Round(row[k + 1]) << 16);
                break;
            case CpuFormat.Int8:
                for (int k = 0; k < PaddedColumns; k += BlockQuantizer.Block, words += 8 * Stride, scales += Stride)
                {
                    *scales = BlockQuantizer.PackInt8(row + k, block);
                    for (int g = 0; g < 8; g++) words[g * Stride] = block[g];
                }
                break;
            default:
                for (int k = 0; k < PaddedColumns; k += BlockQuantizer.Block, words += 4 * Stride, scales += Stride)
                {
                    *scales = BlockQuantizer.PackInt4(row + k, block);
                    for (int g = 0; g < 4; g++) words[g * Stride] = block[g];
                }
                break;
        }
    }
}

/// <summary>Writes a row of a matrix; false for a row that does not count.</summary>
internal delegate bool RowReader(int row, Span<float> to);
