using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// One byte a value and one scale for each block of 256 (Dettmers et al. 2021, arXiv 2110.02861): the code names a number of
/// a fixed table between -1 (or 0) and 1 whose relative precision holds over seven decades, times the block's largest.
/// </summary>
internal sealed class BlockMoment : Moment
{
    private const long Block = 256;

    private readonly bool _signed;
    private readonly Tensor _codes, _scales, _table, _middles;

    /// <param name="count">Values; all 0.</param>
    public BlockMoment(long count, bool signed, Device device)
    {
        _signed = signed;
        float[] table = Table(signed);
        long blocks = Blocks.Count(count, Block);
        _codes = Filled([blocks * Block], Array.IndexOf(table, 0f), device);
        _scales = zeros(blocks, device: device).DetachFromDisposeScope();
        _table = tensor(table, device: device).DetachFromDisposeScope();
        _middles = tensor(Blocks.Middles(table), device: device).DetachFromDisposeScope();
    }

    /// <summary>The table's 256 numbers, rising: seven decades, each with twice as many steps as the one below it, 0 and 1.</summary>
    public static float[] Table(bool signed)
    {
        const int Decades = 7;
        var values = new List<float> { 0, 1 };
        for (int decade = 0; decade < Decades; decade++)
        {
            int steps = 1 << (signed ? decade : decade + 1);
            for (int i = 0; i < steps; i++)
            {
                // The middle of each of the equal parts between 0.1 and 1.
                float value = (float)(Math.Pow(10, decade - (Decades - 1)) * (0.1 + (0.9 * (i + 0.5) / steps)));
                values.Add(value);
                if (signed) values.Add(-value);
            }
        }
        return [.. values.Order()];
    }

    public override IEnumerable<(string Name, Tensor Tensor)> State(string moment, string weight) =>
        [($"{moment}/{weight}", _codes), ($"{moment}_scale/{weight}", _scales)];

    public override Tensor Read(long at, long count)
    {
        long blocks = Blocks.Count(count, Block);
        Tensor codes = _codes.narrow(0, at, blocks * Block).to(ScalarType.Int32);
        return (_table.index_select(0, codes).view(blocks, Block) * Scales(at, blocks)).view(-1).narrow(0, 0, count);
    }

    public override void Write(long at, Tensor values, Generator? noise)
    {
        (Tensor rows, Tensor largest) = Blocks.Of(values, Block);
        long blocks = rows.shape[0];
        Scales(at, blocks).copy_(largest);
        Tensor codes = Blocks.Shares(rows, largest).bucketize(_middles, outInt32: true);
        // A small square that became 0 would be divided by: it is rounded up, to the table's smallest.
        if (!_signed) codes = codes.maximum(rows.view(-1).gt(zeros(1, device: rows.device)).to(ScalarType.Int32));
        _codes.narrow(0, at, blocks * Block).copy_(codes);
    }

    public override void Dispose()
    {
        foreach (Tensor t in new[] { _codes, _scales, _table, _middles }) t.Dispose();
    }

    private Tensor Scales(long at, long blocks) => _scales.narrow(0, at / Block, blocks).unsqueeze(1);

    private static Tensor Filled(long[] shape, int value, Device device)
    {
        using var off = no_grad();
        using Tensor none = zeros(shape, dtype: ScalarType.Int32, device: device), all = none.Plus(value);
        return all.to(ScalarType.Byte).DetachFromDisposeScope();
    }
}
