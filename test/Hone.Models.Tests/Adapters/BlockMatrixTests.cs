using Hone.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// Matrices in few bits against their definition, value by value, and a model on them against one on the rounded weights.
/// </summary>
public sealed class BlockMatrixTests
{
    private static readonly double[] s_normalFloats =
    [
        -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
        -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
        0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0,
    ];

    /// <summary>A shape that ends inside a block, one of several pieces, and one with a block of zeros.</summary>
    [Theory]
    [InlineData(FrozenFormat.Int8, 5, 37)]
    [InlineData(FrozenFormat.Int8, 700, 640)]
    [InlineData(FrozenFormat.Nf4, 5, 37)]
    [InlineData(FrozenFormat.Nf4, 700, 640)]
    public void Each_value_is_the_nearest_that_its_block_can_hold(FrozenFormat format, long rows, long columns)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        Tensor weight = randn([rows, columns], generator: generator);
        weight.view(-1).narrow(0, 64, 64).zero_();
        float[] found = Kept(weight, format).Unpack(ScalarType.Float32).data<float>().ToArray(), given = weight.data<float>().ToArray();
        double[] numbers = format == FrozenFormat.Nf4 ? s_normalFloats : [.. Enumerable.Range(-127, 255).Select(i => i / 127.0)];
        for (int block = 0; block < given.Length; block += 64)
        {
            int end = Math.Min(given.Length, block + 64);
            double scale = given[block..end].Max(Math.Abs);
            for (int i = block; i < end; i++)
            {
                double nearest = numbers.MinBy(n => Math.Abs((n * scale) - given[i])) * scale;
                if (Math.Abs(nearest - given[i]) < Math.Abs(found[i] - given[i]) - 1e-5 * scale)
                    Assert.Fail($"{i}: {given[i]} {found[i]} {nearest}");
            }
        }
    }

    /// <summary>bitsandbytes' order: the first of two values is in the high half of the byte.</summary>
    [Fact]
    public void Nf4_codes_lie_two_in_a_byte_the_first_in_the_high_half()
    {
        using var scope = NewDisposeScope();
        Tensor weight = zeros(1, 64);
        weight[0, 0] = 2f;
        weight[0, 1] = -2f;
        BlockMatrix matrix = Kept(weight, FrozenFormat.Nf4);
        Assert.Equal([0xF0, 0x77], matrix.Codes.data<byte>().ToArray()[..2]);
        Assert.Equal([2f], matrix.Scales.data<float>().ToArray());
    }

    [Theory]
    [InlineData(FrozenFormat.Int8)]
    [InlineData(FrozenFormat.Nf4)]
    public void A_model_on_packed_matrices_trains_its_adapter_as_one_on_the_rounded_weights(FrozenFormat format)
    {
        using var scope = NewDisposeScope();
        using TempFolder folder = new();
        Dictionary<string, Tensor> weights = RandomWeights.Create(TinyLlama.Config, 7, 0.3);
        CheckpointFolder.Save(folder.File("m"), weights, TinyLlama.Config, ScalarType.Float32, tokenizerFolder: null);
        Dictionary<string, Tensor> packed = WeightFolder.LoadPacked(folder.File("m"), TinyLlama.Config, ScalarType.Float32, CPU, format);
        foreach (string name in packed.Keys.Where(n => n.EndsWith(BlockMatrix.CodesEnding, StringComparison.Ordinal)))
        {
            string plain = name[..^BlockMatrix.CodesEnding.Length];
            Assert.False(packed.ContainsKey(plain));
            weights[plain] = BlockMatrix.Of(packed, plain)!.Unpack(ScalarType.Float32);
        }
        Assert.Equal(14, packed.Keys.Count(n => n.EndsWith(BlockMatrix.CodesEnding, StringComparison.Ordinal)));

        (float Loss, Dictionary<string, Tensor> Gradients) Step(Dictionary<string, Tensor> own)
        {
            LoraAdapter adapter = LoraAdapter.Create(TinyLlama.Config, new LoraOptions { Rank = 2, Alpha = 4 }, 5, CPU);
            using var generator = new Generator(5, CPU);
            foreach (Tensor t in adapter.Tensors.Values) t.copy_(randn(t.shape, generator: generator) * 0.1);
            var model = new Transformer(TinyLlama.Config, own, ScalarType.Float32, adapter);
            foreach (Tensor t in model.Trainable.Values) t.requires_grad_(true);
            ForestBatch batch = ForestBatch.Of([new PromptExample([1, 5, 9, 13, 2, 7], [[3, 4, 30], [7, 8, 9, 10]])]);
            Tensor loss = -LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored).sum();
            loss.backward();
            return (loss.item<float>(), model.Trainable.ToDictionary(t => t.Key, t => t.Value.grad!));
        }
        (float expected, Dictionary<string, Tensor> gradients) = Step(weights);
        (float found, Dictionary<string, Tensor> own) = Step(packed);
        Assert.Equal(expected, found, 1e-4);
        Assert.All(gradients, g => Assert.True((g.Value - own[g.Key]).abs().max().item<float>() < 1e-4f, g.Key));
    }

    /// <summary>A view that was left behind kept every weight that was packed in memory, until the collector came by.</summary>
    [Fact]
    public void Packing_and_unpacking_leave_nothing_of_the_full_matrix_behind()
    {
        using Tensor weight = randn(64, 128);
        KeyValuePair<string, Tensor>[] parts = [.. BlockMatrix.Pack("w", weight, FrozenFormat.Nf4)];
        BlockMatrix matrix = BlockMatrix.Of(parts.ToDictionary(), "w")!;
        var statistics = DisposeScopeManager.Statistics;
        long before = statistics.ThreadTotalLiveCount;
        using (weight.view(-1)) Assert.Equal(before + 1, statistics.ThreadTotalLiveCount); // what is left behind is seen
        foreach ((_, Tensor part) in BlockMatrix.Pack("w", weight, FrozenFormat.Int8)) part.Dispose();
        matrix.Unpack(ScalarType.Float32).Dispose();
        Assert.Equal(before, statistics.ThreadTotalLiveCount);
        foreach ((_, Tensor part) in parts) part.Dispose();
    }

    private static BlockMatrix Kept(Tensor weight, FrozenFormat format) =>
        BlockMatrix.Of(BlockMatrix.Pack("w", weight, format).ToDictionary(), "w")!;
}
