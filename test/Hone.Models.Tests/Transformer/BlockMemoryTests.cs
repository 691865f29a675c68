using Hone.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// What lives while a layer runs. The temporaries of norms, projections and rotations lived on beside attention's own: twelve
/// times the input of a pass of 16,384 tokens, which needed half as much again as it does now.
/// </summary>
public sealed class BlockMemoryTests
{
    private const int Time = 5;

    private static long LiveNow => DisposeScopeManager.Statistics.ThreadTotalLiveCount;

    private static readonly Dictionary<string, TransformerConfig> s_kinds = new()
    {
        ["plain"] = TinyLlama.Config,
        ["norms of heads"] = TinyLlama.Config with { QueryKeyNorm = QueryKeyNorm.PerHead },
        ["norms of whole projections"] = TinyLlama.Config with { QueryKeyNorm = QueryKeyNorm.WholeProjection },
        ["fused projections, half of a head rotates"] = TinyLlama.Config with
        {
            FusedProjections = true,
            Rope = new Rope { RotaryFraction = 0.5 },
        },
        ["no norm before"] = TinyLlama.Config with { NormPlacement = NormPlacement.After },
        ["gelu"] = TinyLlama.Config with { Activation = Activation.GeluTanh },
        ["experts"] = TinyLlama.Config with { Experts = new ExpertOptions(4, 2, 16, true), MlpBias = false },
    };

    public static TheoryData<string> Kinds => [.. s_kinds.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Attention_begins_with_its_inputs_alone(string kind)
    {
        TransformerConfig config = s_kinds[kind];
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 7);
        var block = new Block(config, weights, adapter: null, layer: 0);
        (Tensor x, Rotation rotation) = (randn(Time, config.HiddenSize), Turn(config));
        var attention = new CountingAttention();
        long before = LiveNow;
        Tensor result = block.Forward(x, rotation, attention);
        Assert.True(attention.Live == before + 3, $"{kind}: {attention.Live - before} tensors in place of q, k and v");
        Assert.Equal(before + 1, LiveNow);
        result.Dispose();
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Parts_of_a_layer_leave_their_result_alone(string kind)
    {
        TransformerConfig config = s_kinds[kind];
        using var scope = NewDisposeScope();
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 7);
        Rotation rotation = Turn(config);
        Tensor x = randn(Time, config.HiddenSize), heads = randn(Time, config.HeadCount, config.HeadDim);
        const string Mlp = "model.layers.0.mlp.";
        Func<Tensor, Tensor> mlp = config.Experts is null
            ? new GatedMlp(weights, adapter: null, Mlp, config).Apply
            : new ExpertMlp(weights, adapter: null, Mlp, config).Apply;
        (string, Func<Tensor>)[] parts =
        [
            ("norm", () => RmsNorm.Of(weights, WeightNames.FinalNorm, config)!.Apply(x)),
            ("norm in bf16", () => RmsNorm.Of(weights, WeightNames.FinalNorm, config)!.Apply(x.bfloat16())),
            ("rotation", () => rotation.Apply(heads)),
            ("feed-forward", () => mlp(x)),
        ];
        foreach ((string part, Func<Tensor> run) in parts)
        {
            using var own = NewDisposeScope();
            long before = LiveNow + (part.EndsWith("bf16", StringComparison.Ordinal) ? 1 : 0);
            run();
            Assert.True(LiveNow == before + 1, $"{kind}: {part} left {LiveNow - before}");
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(5.0)]
    public void Attention_leaves_its_result_alone(double? cap)
    {
        TransformerConfig config = TinyLlama.Config with { AttentionCap = cap, QueryScalar = 4 };
        using var scope = NewDisposeScope();
        Tensor q = randn(1, config.HeadCount, Time, config.HeadDim), k = randn(1, config.KeyValueHeadCount, Time, config.HeadDim);
        long before = LiveNow;
        SharedAttention.Attend(q, k, k, mask: null, causal: true, config);
        Assert.Equal(before + 1, LiveNow);
        Tensor part = randn(Time);
        Assert.Same(part, part.ScaleInPlace(2)); // a second name would keep what is done with
    }

    [Fact]
    public void Attention_over_a_forest_keeps_its_masks_and_nothing_else()
    {
        TransformerConfig config = TinyLlama.Config;
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        int prompt = forest.AddRoot([1, 2, 3]);
        forest.AddChild(prompt, [4, 5]);
        forest.AddChild(prompt, [6]);
        ForestLayout layout = ForestLayout.Create(forest, CPU);
        Tensor q = randn(forest.TokenCount, config.HeadCount, config.HeadDim);
        Tensor k = randn(forest.TokenCount, config.KeyValueHeadCount, config.HeadDim);
        var attention = new ForestAttention(layout, config);
        attention.Attend(0, q, k, k).Dispose(); // the masks are made
        long before = LiveNow;
        attention.Attend(1, q, k, k);
        Assert.Equal(before + 1, LiveNow);
    }

    /// <summary>Each layer left the gradients of what it reads and writes until the pass had ended.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_gradient_of_a_layer_lives_until_the_pass_ends(bool checkpoint)
    {
        TransformerConfig config = TinyLlama.Config with { LayerCount = 6 };
        using Transformer model = TinyLlama.Create(config);
        foreach (Tensor weight in model.Weights.Values) weight.requires_grad_(true);
        model.CheckpointBlocks = checkpoint;
        List<long> live = [];
        model.LayerDone = _ => live.Add(LiveNow);
        for (int pass = 0; pass < 2; pass++)
        {
            using var scope = NewDisposeScope();
            var forest = new TokenForest();
            forest.AddRoot([1, 2, 3]);
            live.Clear();
            model.Hidden(forest).sum().backward();
        }
        Assert.Equal(6, live.Count);
        Assert.All(live.Skip(1), count => Assert.Equal(live[1], count));
    }

    private static Rotation Turn(TransformerConfig config)
    {
        int dimensions = config.RopeOf(0)!.Dimensions(config.HeadDim);
        return new Rotation(randn(Time, 1, dimensions), randn(Time, 1, dimensions));
    }

    /// <summary>Counts the tensors that live when it is asked; mixes nothing.</summary>
    private sealed class CountingAttention : IAttention
    {
        public long Live { get; private set; }

        public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
        {
            Live = LiveNow;
            return q.reshape(q.shape[0], -1);
        }
    }
}
