using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Values in blocks that share a scale, for number formats of a byte or less.</summary>
internal static class Blocks
{
    public static long Count(long values, long block) => (values + block - 1) / block;

    /// <summary>Values [n] as rows of a block each, filled up with 0, and the largest magnitude of each row.</summary>
    /// <returns>[blocks, block] and [blocks, 1], fp32</returns>
    public static (Tensor Rows, Tensor Largest) Of(Tensor values, long block)
    {
        long count = values.shape[0], blocks = Count(count, block);
        Tensor whole = values.As(ScalarType.Float32);
        if (count < blocks * block)
        {
            whole = zeros(blocks * block, device: values.device);
            whole.narrow(0, 0, count).copy_(values);
        }
        Tensor rows = whole.view(blocks, block);
        return (rows, rows.abs().amax([1], keepdim: true));
    }

    /// <summary>What share of its row's largest magnitude each value is. A row of zeros is divided by something that is not 0.</summary>
    /// <returns>[blocks * block]</returns>
    public static Tensor Shares(Tensor rows, Tensor largest) => (rows / largest.Plus(1e-38)).view(-1);

    /// <summary>The borders between the neighbours of a rising table, by which a value finds the nearest.</summary>
    public static float[] Middles(float[] table) => [.. table.Skip(1).Zip(table, (high, low) => (high + low) / 2)];
}
