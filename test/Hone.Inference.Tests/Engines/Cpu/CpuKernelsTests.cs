using Hone.Inference.Engines.Cpu;

namespace Hone.Inference.Tests.Engines.Cpu;

/// <summary>Every format on every width of vectors that the processor has, against sums written plainly.</summary>
public sealed unsafe class CpuKernelsTests
{
    public static TheoryData<int, int, int> Shapes => new() { { 16, 32, 1 }, { 37, 172, 7 }, { 5, 24, 4 }, { 64, 96, 9 }, { 1, 1, 2 } };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_product_equals_the_plain_one(int rows, int columns, int count)
    {
        foreach (CpuFormat format in Enum.GetValues<CpuFormat>())
        {
            float[][] weights = Random(rows, columns, 1), x = Random(count, columns, 2);
            using PackedMatrix matrix = Pack(format, weights);
            float[][] held = [.. Enumerable.Range(0, rows).Select(row => Unpacked(matrix, row))];
            float[][] seen = PackedMatrix.IsQuantised(format) ? [.. x.Select(RoundToBytes)] : x;
            foreach (CpuPath path in CpuKernels.Paths)
            {
                float[][] found = Multiply(path, matrix, x);
                for (int i = 0; i < count; i++)
                    for (int row = 0; row < rows; row++)
                        Assert.Equal(seen[i].Zip(held[row], (a, b) => (double)a * b).Sum(), found[i][row], 2e-5 * Math.Sqrt(columns));
            }
        }
    }

    [Fact]
    public void A_row_gets_the_same_bits_with_others_and_alone_on_every_width()
    {
        float[][] weights = Random(53, 200, 3), x = Random(11, 200, 4);
        foreach (CpuFormat format in Enum.GetValues<CpuFormat>())
        {
            using PackedMatrix matrix = Pack(format, weights);
            float[][] first = Multiply(CpuKernels.Paths.First(), matrix, x);
            foreach (CpuPath path in CpuKernels.Paths)
            {
                Assert.Equal(first, Multiply(path, matrix, x));
                for (int i = 0; i < x.Length; i++) Assert.Equal(first[i], Multiply(path, matrix, [x[i]])[0]);
            }
        }
    }

    [Fact]
    public void Packed_weights_are_near_the_weights()
    {
        float[][] weights = Random(40, 100, 5);
        (CpuFormat Format, double Error)[] most =
            [(CpuFormat.Float32, 0), (CpuFormat.BFloat16, 0.004), (CpuFormat.Int8, 0.0041), (CpuFormat.Int4, 0.14)];
        foreach ((CpuFormat format, double error) in most)
        {
            using PackedMatrix matrix = Pack(format, weights);
            double largest = weights.Select((row, i) => row.Zip(Unpacked(matrix, i), (a, b) => Math.Abs(a - (double)b)).Max()).Max();
            Assert.True(largest <= error, $"{format}: {largest}");
        }
    }

    [Fact]
    public void The_largest_numbers_of_a_block_do_not_overflow()
    {
        float[][] weights = [[.. Enumerable.Repeat(-1f, 64)], [.. Enumerable.Repeat(1f, 64)]], x = [[.. Enumerable.Repeat(3f, 64)]];
        foreach (CpuFormat format in Enum.GetValues<CpuFormat>())
        {
            using PackedMatrix matrix = Pack(format, weights);
            foreach (CpuPath path in CpuKernels.Paths)
            {
                float[] found = Multiply(path, matrix, x)[0];
                Assert.Equal(-192, found[0], 1.0);
                Assert.Equal(192, found[1], 1.0);
            }
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(26)]
    [InlineData(6)]
    public void Keys_and_values_are_rounded_one_by_one(int count)
    {
        float[] special = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, 1.00390625f, 1.01171875f, 3.4e38f, 1e-41f];
        float[] x = [.. special, .. Random(1, count, 6)[0]];
        x = x[..count];
        CpuKernels kernels = CpuKernels.Of(CpuKernels.Paths.First(), singleCache: false);
        using var from = new NativeBuffer<float>(count);
        using var keys = new NativeBuffer<ushort>(count * CpuCache.Tokens);
        using var values = new NativeBuffer<ushort>(count);
        x.CopyTo(new Span<float>(from.Pointer, count));
        kernels.PutKey(from.Pointer, count, (byte*)keys.Pointer, place: 19);
        kernels.PutValue(from.Pointer, count, (byte*)values.Pointer);
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(BrainFloat.Round(x[i]), values.Pointer[i]);
            // The second panel's fourth word of the pair.
            Assert.Equal(BrainFloat.Round(x[i]), keys.Pointer[(count * 16) + (i / 2 * 32) + (3 * 2) + (i % 2)]);
        }
    }

    private static PackedMatrix Pack(CpuFormat format, float[][] weights) =>
        PackedMatrix.Pack(format, weights.Length, weights[0].Length, (row, to) =>
        {
            weights[row].CopyTo(to);
            return true;
        });

    private static float[] Unpacked(PackedMatrix matrix, int row)
    {
        float[] values = new float[matrix.Columns];
        matrix.Unpack(row, values);
        return values;
    }

    private static float[][] Multiply(CpuPath path, PackedMatrix matrix, float[][] x)
    {
        CpuKernels kernels = CpuKernels.Of(path, singleCache: true);
        using var rows = new NativeBuffer<float>((long)x.Length * matrix.PaddedColumns);
        using var activations = new Activations(path.Native);
        activations.Prepare(matrix, x.Length, rows.Pointer, matrix.PaddedColumns);
        for (int i = 0; i < x.Length; i++)
        {
            float* row = rows.Pointer + ((long)i * matrix.PaddedColumns);
            x[i].CopyTo(new Span<float>(row, x[i].Length));
            activations.Set(i, row);
        }
        int stride = matrix.Panels * PackedMatrix.PanelRows;
        using var result = new NativeBuffer<float>((long)x.Length * stride);
        kernels.Multiply(matrix, 0, matrix.Panels, activations, x.Length, result.Pointer, stride);
        return [.. Enumerable.Range(0, x.Length).Select(i => new Span<float>(result.Pointer + ((long)i * stride), matrix.Rows).ToArray())];
    }

    /// <summary>Activations as the kernels see them: whole numbers up to 127 times a scale, in blocks of 32.</summary>
    private static float[] RoundToBytes(float[] x) => [.. x.Chunk(32).SelectMany(block =>
    {
        float largest = block.Max(MathF.Abs);
        return block.Select(v => largest == 0 ? 0 : MathF.Round(v * (127 / largest)) * (largest / 127));
    })];

    private static float[][] Random(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        float[] Row() => [.. Enumerable.Range(0, columns).Select(_ => (random.NextSingle() * 2) - 1)];
        return [.. Enumerable.Range(0, rows).Select(_ => Row())];
    }
}
