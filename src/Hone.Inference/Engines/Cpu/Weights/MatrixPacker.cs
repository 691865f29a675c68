using Hone.Models;

namespace Hone.Inference.Engines.Cpu;

/// <summary>Packs weights of a model, several of them into one matrix, with their biases in the same order.</summary>
internal static class MatrixPacker
{
    /// <summary>One below the other.</summary>
    public static (PackedMatrix Matrix, float[]? Bias) Stacked(Transformer model, string[] names, CpuFormat format) =>
        Pack(model, names, format, rows => rows, (row, _) => row);

    /// <summary>The first half's and the second half's rows in turns of 16, both filled up to a multiple of that.</summary>
    public static (PackedMatrix Matrix, float[]? Bias) Alternating(Transformer model, string[] names, CpuFormat format)
    {
        const int Panel = PackedMatrix.PanelRows;
        return Pack(model, names, format, rows => 2 * PackedMatrix.RoundUp(rows / 2, Panel), (row, rows) =>
        {
            int within = (row / (2 * Panel) * Panel) + (row % Panel);
            return within >= rows / 2 ? -1 : row / Panel % 2 == 0 ? within : within + (rows / 2);
        });
    }

    /// <param name="packedRows">Rows of the packed matrix, from those of all weights.</param>
    /// <param name="source">Which of the weights' rows a packed row is, given how many they are; -1 for none.</param>
    private static (PackedMatrix Matrix, float[]? Bias) Pack(
        Transformer model, string[] names, CpuFormat format, Func<int, int> packedRows, Func<int, int, int> source)
    {
        WeightRows[] weights = [.. names.Select(name => WeightRows.Of(model, name + ".weight")!)];
        WeightRows?[] biases = [.. names.Select(name => WeightRows.Of(model, name + ".bias"))];
        try
        {
            int all = weights.Sum(w => w.Rows), rows = packedRows(all);
            PackedMatrix matrix = PackedMatrix.Pack(format, rows, weights[0].Columns, (row, to) =>
            {
                int at = source(row, all);
                if (at < 0) return false;
                int i = 0;
                for (; at >= weights[i].Rows; i++) at -= weights[i].Rows;
                weights[i].Read(at, to);
                return true;
            });
            if (biases[0] is null) return (matrix, null);
            float[] own = [.. biases.SelectMany(b => b!.ToArray())], packed = new float[matrix.Panels * PackedMatrix.PanelRows];
            for (int row = 0; row < rows; row++) packed[row] = source(row, all) is >= 0 and var at ? own[at] : 0;
            return (matrix, packed);
        }
        finally
        {
            foreach (WeightRows? w in weights.Concat(biases)) w?.Dispose();
        }
    }
}
