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

    private static StageMemoryPlan Sft(Recipe recipe) => RunPlan.Of(recipe, s_config).Stages.Single(s => s.Stage == "sft");
}
