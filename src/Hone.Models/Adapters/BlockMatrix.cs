using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A frozen matrix in few bits. Its values, row by row, are cut into blocks of 64 with one fp32 scale each, the block's
/// largest magnitude. int8: a signed byte a value, in 127ths of the scale. nf4: two values a byte, the first in the high half,
/// each naming one of 16 numbers between -1 and 1 (NormalFloat, Dettmers et al. 2023, arXiv 2305.14314, appendix E); this is
/// the layout of bitsandbytes without its second quantisation.
/// </summary>
/// <param name="Codes">[blocks * 64] int8, or [blocks * 32] uint8</param>
/// <param name="Scales">[blocks, 1], fp32</param>
/// <param name="Rows">Rows of the matrix.</param>
/// <param name="Columns">Columns of the matrix.</param>
internal sealed record BlockMatrix(Tensor Codes, Tensor Scales, long Rows, long Columns)
{
    public const string CodesEnding = ".codes", ScalesEnding = ".scales", ShapeEnding = ".shape";

    private const long Block = 64;
    // Values that are unpacked at once: temporaries stay in the processor's cache.
    private const long Piece = 1 << 18;

    private static readonly float[] s_normalFloats =
    [
        -1.0f, -0.6961928009986877f, -0.5250730514526367f, -0.39491748809814453f, -0.28444138169288635f, -0.18477343022823334f,
        -0.09105003625154495f, 0.0f, 0.07958029955625534f, 0.16093020141124725f, 0.24611230194568634f, 0.33791524171829224f,
        0.44070982933044434f, 0.5626170039176941f, 0.7229568362236023f, 1.0f,
    ];

    // What a byte of two codes stands for. [256, 2]
    private static readonly float[] s_pairs =
        [.. Enumerable.Range(0, 256).SelectMany(b => new[] { s_normalFloats[b >> 4], s_normalFloats[b & 15] })];

    private static readonly float[] s_middles = Blocks.Middles(s_normalFloats);

    /// <summary>The tensors that keep a weight of that name, in place of the weight, which is read piece by piece.</summary>
    public static IEnumerable<KeyValuePair<string, Tensor>> Pack(string name, Tensor weight, FrozenFormat format)
    {
        using var off = no_grad();
        long count = weight.numel(), blocks = Blocks.Count(count, Block);
        using Tensor flat = weight.view(-1); // a view that is left behind keeps the whole weight in memory
        Tensor scales = zeros(blocks, 1, device: weight.device);
        Tensor codes = format == FrozenFormat.Int8
            ? zeros(blocks * Block, dtype: ScalarType.Int8, device: weight.device)
            : zeros(blocks * Block / 2, dtype: ScalarType.Byte, device: weight.device);
        using Tensor middles = tensor(s_middles, device: weight.device);
        for (long at = 0; at < count; at += Piece)
        {
            using var scope = NewDisposeScope();
            long own = Math.Min(Piece, count - at), ownBlocks = Blocks.Count(own, Block);
            (Tensor rows, Tensor largest) = Blocks.Of(flat.narrow(0, at, own), Block);
            scales.narrow(0, at / Block, ownBlocks).copy_(largest);
            Tensor shares = Blocks.Shares(rows, largest);
            if (format == FrozenFormat.Int8) codes.narrow(0, at, ownBlocks * Block).copy_(shares.Times(127).round());
            else
            {
                Tensor pairs = shares.bucketize(middles, outInt32: true).view(-1, 2);
                codes.narrow(0, at / 2, ownBlocks * Block / 2).copy_(pairs.select(1, 0).Times(16).Plus(pairs.select(1, 1)));
            }
        }
        return
        [
            new(name + CodesEnding, codes), new(name + ScalesEnding, scales),
            new(name + ShapeEnding, tensor(weight.shape)),
        ];
    }

    /// <summary>The matrix kept under that name; null where it is kept in another form.</summary>
    public static BlockMatrix? Of(IReadOnlyDictionary<string, Tensor> weights, string name)
    {
        if (!weights.TryGetValue(name + CodesEnding, out Tensor? codes)) return null;
        long[] shape = weights[name + ShapeEnding].data<long>().ToArray();
        return new BlockMatrix(codes, weights[name + ScalesEnding], shape[0], shape[1]);
    }

    /// <summary>The matrix in full. [rows, columns]</summary>
    public Tensor Unpack(ScalarType type)
    {
        using var off = no_grad();
        using var all = NewDisposeScope();
        bool pairs = Codes.dtype == ScalarType.Byte;
        long blocks = Scales.shape[0], step = Piece / Block;
        Tensor result = empty(blocks, Block, dtype: type, device: Codes.device);
        Tensor? table = pairs ? tensor(s_pairs, [256, 2], device: Codes.device) : null;
        for (long at = 0; at < blocks; at += step)
        {
            using var scope = NewDisposeScope();
            long own = Math.Min(step, blocks - at);
            Tensor values = table is null
                ? Codes.narrow(0, at * Block, own * Block).to(ScalarType.Float32).Times(1.0 / 127)
                : table.index_select(0, Codes.narrow(0, at * Block / 2, own * Block / 2).to(ScalarType.Int32));
            result.narrow(0, at, own).copy_(values.view(own, Block) * Scales.narrow(0, at, own));
        }
        return result.view(-1).narrow(0, 0, Rows * Columns).view(Rows, Columns).MoveToOuterDisposeScope();
    }
}
