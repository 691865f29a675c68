using Hone.Data;
using Hone.Models;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Tests;

/// <summary>The parts of a plan that follow from counting alone, counted here from the shape of Llama-3.2-1B.</summary>
public sealed class RunPlanTests
{
    private static readonly TransformerConfig s_config = new()
    {
        VocabularySize = 128_256,
        HiddenSize = 2048,
        IntermediateSize = 8192,
        LayerCount = 16,
        HeadCount = 32,
        KeyValueHeadCount = 8,
        HeadDim = 64,
        MaxPositions = 8192,
        TieEmbeddings = true,
    };

    private const long Parameters = 1_235_814_400; // as its model card counts them

    [Fact]
    public void Full_training_takes_16_bytes_a_parameter_and_an_adapter_those_of_its_own()
    {
        StageMemoryPlan full = Sft(new Recipe());
        Assert.Equal((Parameters, 4 * Parameters, 4 * Parameters, 8 * Parameters),
            (full.Trained, full.Memory.Weights, full.Memory.Gradients, full.Memory.Optimizer));

        // Per layer: q and o [2048, 2048], k and v [512, 2048], gate and up [8192, 2048], down [2048, 8192].
        const long Adapter = 16L * 16 * ((2 * (2048 + 2048)) + (2 * (512 + 2048)) + (3 * (8192 + 2048)));
        StageMemoryPlan adapter = Sft(new Recipe { Adapter = new() { Rank = 16 } });
        Assert.Equal((Adapter, (4 * Parameters) + (4 * Adapter), 8 * Adapter),
            (adapter.Trained, adapter.Memory.Weights, adapter.Memory.Optimizer));
    }

    /// <summary>A GPU multiplies bf16, and a pass there keeps copies of the masters; what a CPU does is told by its own products.</summary>
    [Fact]
    public void Copies_in_bf16_are_planned_where_products_are_of_bf16()
    {
        long Weights(string device) => Sft(new Recipe { Device = device, Precision = Precision.Bf16 }).Memory.Weights;
        Assert.Equal(6 * Parameters, Weights("cuda:0"));
        Assert.Equal((Products.OfBFloat16 ? 6 : 4) * Parameters, Weights("cpu"));
    }

    [Theory]
    [InlineData(SamplingFormat.Auto, 4.0)]
    [InlineData(SamplingFormat.Bf16, 2.0)]
    [InlineData(SamplingFormat.Int8, 1.0625)]
    public void Sampling_holds_the_model_the_engines_own_matrices_and_the_caches(SamplingFormat format, double bytes) =>
        Assert.Equal((long)(Parameters * (4 + bytes)) + (80L << 28), RunPlan.Of(
            new Recipe { Sampling = new() { Format = format } }, s_config, machine: 80L << 30).Sampling);

    /// <summary>What does not fit is told with what makes it smaller; what is set already is not among that.</summary>
    [Fact]
    public void Knobs_save_what_they_say_and_none_is_offered_twice()
    {
        Recipe recipe = new();
        StageMemoryPlan before = Sft(recipe);
        PlanKnob states = before.Knobs.Single(k => k.Setting == "sft.optimizer_state=int8");
        StageMemoryPlan after = Sft(recipe with { Sft = recipe.Sft with { OptimizerState = OptimizerState.Int8 } });
        Assert.Equal(states.Saves, before.Memory.Total - after.Memory.Total);
        Assert.DoesNotContain(after.Knobs, k => k.Setting == states.Setting);
        Assert.Contains(before.Knobs, k => k.Setting == "adapter.rank=16");
    }

    /// <summary>The recipes of Llama-3-8B with an adapter, on one GPU of 80 GB.</summary>
    [Theory]
    [InlineData("sft.yaml")]
    [InlineData("reward.yaml")]
    [InlineData("dpo-offline.yaml")]
    [InlineData("online-dpo.yaml")]
    public void The_8b_recipes_fit_into_80_gigabytes_with_an_adapter(string name)
    {
        TransformerConfig llama = s_config with
        {
            HiddenSize = 4096,
            IntermediateSize = 14_336,
            LayerCount = 32,
            HeadDim = 128,
            TieEmbeddings = false,
        };
        string[] set = ["adapter.rank=16", "sft.checkpoint_activations=auto", "reward.checkpoint_activations=auto",
            "offline_dpo.checkpoint_activations=auto", "online.checkpoint_activations=auto"];
        Recipe recipe = ResolvedRecipe.Load(
            Path.Combine(Root(), "recipes/llama3-8b", name), [.. set.Select(RecipeOverride.Set)]).Value;
        RunPlan plan = RunPlan.Of(recipe, llama, machine: 80_000_000_000);
        Assert.Equal(8_030_261_248, plan.Parameters); // as its model card counts them
        Assert.All(plan.Stages, s => Assert.InRange(s.Memory.Total, 16L << 30, 80_000_000_000));
        Assert.False(RunPlan.Of(recipe with { Adapter = new() }, llama, machine: 80_000_000_000).Fits);
    }

    [Fact]
    public void Checkpoints_on_auto_are_made_where_all_activations_would_not_fit()
    {
        Recipe recipe = new() { Sft = new SftOptions { CheckpointActivations = ActivationCheckpoints.Auto } };
        long Activations(ActivationCheckpoints checkpoints, long machine) => RunPlan.Of(
            recipe with { Sft = recipe.Sft with { CheckpointActivations = checkpoints } }, s_config, machine).Stages[0].Memory.Activations;
        foreach ((long machine, ActivationCheckpoints same) in
            new[] { (1L << 40, ActivationCheckpoints.None), (1L << 34, ActivationCheckpoints.Block) })
            Assert.Equal(Activations(same, machine), Activations(ActivationCheckpoints.Auto, machine));
    }

    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Hone.slnx"))) at = at.Parent;
        return at!.FullName;
    }

    private static StageMemoryPlan Sft(Recipe recipe) => RunPlan.Of(recipe, s_config).Stages.Single(s => s.Stage == "sft");
}
