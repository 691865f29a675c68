using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Gradients of an adapter against the chain rule applied by hand to the gradient of the whole matrix.</summary>
public sealed class LoraGradientTests
{
    private static readonly LoraOptions s_options = new() { Rank = 3, Alpha = 7 };

    [Fact]
    public void Gradients_of_A_and_B_are_those_of_the_merged_matrix_through_the_product()
    {
        using var scope = NewDisposeScope();
        LoraAdapter adapter = Filled(s_options);
        using var adapted = new Transformer(TinyLlama.Config, TinyLlama.Create().Weights, ScalarType.Float32, adapter);
        foreach (Tensor t in adapted.Trainable.Values) t.requires_grad_(true);
        Loss(adapted).backward();
        Assert.All(adapted.Weights.Values, w => Assert.Null(w.grad));

        using Transformer merged = TinyLlama.Create();
        LoraMerge.Into(merged.Weights, adapter);
        foreach (Tensor w in merged.Weights.Values) w.requires_grad_(true);
        Loss(merged).backward();
        using var off = no_grad();
        foreach ((string name, LoraPair pair) in adapter.Pairs)
        {
            Tensor whole = merged.Weights[name + ".weight"].grad!;
            AssertClose(matmul(pair.Up.t(), whole) * s_options.Scale, pair.Down.grad!, name);
            AssertClose(matmul(whole, pair.Down.t()) * s_options.Scale, pair.Up.grad!, name);
        }
    }

    [Fact]
    public void A_fresh_adapter_on_top_leaves_the_earlier_one_untouched_and_is_saved_as_one()
    {
        using var scope = NewDisposeScope();
        LoraAdapter earlier = Filled(s_options), both = earlier.Under(Filled(s_options with { Rank = 2, Alpha = 3 }, seed: 9));
        using var model = new Transformer(TinyLlama.Config, TinyLlama.Create().Weights, ScalarType.Float32, both);
        foreach (Tensor t in model.Trainable.Values) t.requires_grad_(true);
        Assert.All(model.Trainable.Where(t => t.Key.EndsWith("lora_A.weight", StringComparison.Ordinal)),
            t => Assert.Equal(2, t.Value.shape[0]));
        Loss(model).backward();
        Assert.All(earlier.Tensors.Values, t => Assert.Null(t.grad));

        using TempFolder folder = new();
        CheckpointFolder.SaveAdapter(folder.File("a"), model, "base", tokenizerFolder: null);
        PeftConfig peft = PeftConfig.Read(folder.File("a"));
        Assert.Equal(5, peft.Options.Rank);
        (LoraAdapter one, _) = PeftFolder.Read(folder.File("a"), peft, TinyLlama.Config, CPU);
        using var again = new Transformer(TinyLlama.Config, TinyLlama.Create().Weights, ScalarType.Float32, one);
        using var off = no_grad();
        AssertClose(Loss(model), Loss(again), "loss");
    }

    [Fact]
    public void Dropout_is_the_same_for_the_same_seed_also_where_layers_are_computed_again()
    {
        using var scope = NewDisposeScope();
        (float Loss, string Gradient) Step(ulong? seed, bool checkpoint)
        {
            LoraAdapter adapter = Filled(s_options with { Dropout = 0.4 });
            using var model = new Transformer(TinyLlama.Config, TinyLlama.Create().Weights, ScalarType.Float32, adapter)
            {
                CheckpointBlocks = checkpoint,
            };
            foreach (Tensor t in model.Trainable.Values) t.requires_grad_(true);
            adapter.DropoutSeed = seed;
            Tensor loss = Loss(model);
            loss.backward();
            return (loss.item<float>(), string.Join(' ', adapter.Tensors.Values.SelectMany(t => t.grad!.data<float>().ToArray())));
        }
        Assert.Equal(Step(1, false), Step(1, true));
        Assert.NotEqual(Step(1, false).Loss, Step(2, false).Loss);
        Assert.NotEqual(Step(1, false).Loss, Step(null, false).Loss);
        Assert.Equal(Step(null, false), Step(null, true));
    }

    [Fact]
    public void A_target_that_is_no_matrix_is_refused_with_those_that_are()
    {
        InputException e = Assert.Throws<InputException>(() =>
            LoraAdapter.Create(TinyLlama.Config, s_options with { Targets = ["query_key_value"] }, 1, CPU));
        Assert.Contains("query_key_value", e.Message, StringComparison.Ordinal);
        Assert.Contains("q_proj", e.Message, StringComparison.Ordinal);
    }

    /// <summary>The error that a merge into bf16 reports is that of rounding, by the plainest computation.</summary>
    [Fact]
    public void A_merge_says_how_much_rounding_lost()
    {
        using var scope = NewDisposeScope();
        using var off = no_grad();
        LoraAdapter adapter = Filled(s_options);
        Dictionary<string, Tensor> exact = RandomWeights.Create(TinyLlama.Config, 7, 0.3).ToDictionary(
            w => w.Key, w => w.Value.to(ScalarType.BFloat16).to(ScalarType.Float32));
        var rounded = exact.ToDictionary(w => w.Key, w => w.Value.to(ScalarType.BFloat16));
        Assert.Equal(0, LoraMerge.Into(exact.ToDictionary(w => w.Key, w => w.Value.clone()), adapter).Lost, 1e-6);
        MergeError error = LoraMerge.Into(rounded, adapter);
        double lost = 0, added = 0;
        foreach ((string name, LoraPair pair) in adapter.Pairs)
        {
            Tensor delta = pair.Delta(), off1 = rounded[name + ".weight"].to(ScalarType.Float32) - (exact[name + ".weight"] + delta);
            lost += off1.square().sum().item<float>();
            added += delta.square().sum().item<float>();
        }
        Assert.Equal(Math.Sqrt(lost / added), error.Lost, 1e-4);
        Assert.True(error.Lost > 0);
    }

    private static LoraAdapter Filled(LoraOptions options, ulong seed = 5)
    {
        LoraAdapter adapter = LoraAdapter.Create(TinyLlama.Config, options, seed, CPU);
        using var generator = new Generator(seed, CPU);
        foreach (Tensor t in adapter.Tensors.Values) t.copy_(randn(t.shape, generator: generator) * 0.1);
        return adapter;
    }

    private static Tensor Loss(Transformer model)
    {
        ForestBatch batch = ForestBatch.Of([new PromptExample([1, 5, 9, 13, 2, 7], [[3, 4, 30], [7, 8, 9, 10]])]);
        return -LogProbHead.LogProbs(model, model.Hidden(batch.Forest), batch.Scored).sum();
    }

    private static void AssertClose(Tensor expected, Tensor found, string name)
    {
        float most = Math.Max(1, expected.abs().max().item<float>());
        Assert.True((expected - found).abs().max().item<float>() < 2e-5f * most, name);
    }
}
