using Hone.Data;
using Hone.Models;
using Hone.Runs.Recipes;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>A change of the recipe that makes a stage smaller.</summary>
/// <param name="Setting">As <c>--set</c> takes it.</param>
/// <param name="Saves">Bytes.</param>
/// <param name="Price">What it costs.</param>
internal sealed record PlanKnob(string Setting, long Saves, string Price);

/// <summary>What a training stage will take.</summary>
/// <param name="Trained">Numbers that are trained.</param>
/// <param name="Knobs">What would make it smaller, most first.</param>
internal sealed record StageMemoryPlan(string Stage, long Trained, long Tokens, TrainingMemory Memory, IReadOnlyList<PlanKnob> Knobs);

/// <summary>What a run will take, before it starts: memory by stage and part, and the disk.</summary>
/// <param name="Machine">Bytes that this process may use.</param>
/// <param name="Disk">Bytes of the models and training states that it keeps.</param>
internal sealed record RunPlan(long Parameters, IReadOnlyList<StageMemoryPlan> Stages, long Sampling, long Disk, long Machine)
{
    /// <summary>Whether every stage fits.</summary>
    public bool Fits => Stages.All(s => s.Memory.Total <= Machine) && Sampling <= Machine;

    /// <param name="recipe">The run.</param>
    /// <param name="config">Its base model.</param>
    public static RunPlan Of(Recipe recipe, TransformerConfig config)
    {
        TransformerConfig reward = config with { IsRewardModel = true };
        AdapterOptions? adapter = recipe.Adapter.Rank > 0 ? recipe.Adapter : null;
        var stages = new List<StageMemoryPlan>();
        void Add<T>(string stage, string section, T options, TransformerConfig model) where T : TrainOptions
        {
            if (options.Enabled) stages.Add(Stage(recipe, stage, section, options, model, adapter));
        }
        Add("sft", "sft", recipe.Sft, config);
        Add("reward", "reward", recipe.Reward, reward);
        Add("offline-dpo", "offline_dpo", recipe.OfflineDpo, config);
        Add("online-dpo", "online", recipe.Online, config);
        ScalarType type = recipe.Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        long parameters = ModelMemory.Parameters(config), machine = ModelMemory.OfDevice(CPU);
        long weights = ModelMemory.Weights(config, type);
        int models = stages.Sum(s => s.Stage switch { "offline-dpo" => 3, "online-dpo" => recipe.Online.Iterations, _ => 1 }) + 1;
        long trained = stages.Count == 0 ? 0 : stages.Max(s => s.Trained);
        return new RunPlan(parameters, stages, weights + (machine / 4),
            (models * 4 * trained) + (stages.Count == 0 ? 0 : recipe.Save.KeepCheckpoints * 12 * trained), machine);
    }

    private static StageMemoryPlan Stage(
        Recipe recipe, string stage, string section, TrainOptions options, TransformerConfig config, AdapterOptions? adapter)
    {
        // A pass is never smaller than the longest example.
        long tokens = Math.Max(options.MicroBatchTokens, options.MaxLength);
        TrainingMemory Memory(AdapterOptions? a, TrainOptions o, Precision p, long t) => TrainingMemory.Of(config, a, o, p, t);
        TrainingMemory now = Memory(adapter, options, recipe.Precision, tokens);
        var knobs = new List<PlanKnob>();
        void Try(string setting, TrainingMemory then, string price)
        {
            if (now.Total - then.Total > now.Total / 50) knobs.Add(new PlanKnob(setting, now.Total - then.Total, price));
        }
        if (options.CheckpointActivations != ActivationCheckpoints.Block)
            Try($"{section}.checkpoint_activations=block",
                Memory(adapter, options with { CheckpointActivations = ActivationCheckpoints.Block },
                recipe.Precision, tokens), "each layer is computed twice: about a third more time");
        if (options.OptimizerState != OptimizerState.Int8)
            Try($"{section}.optimizer_state=int8", Memory(adapter, options with { OptimizerState = OptimizerState.Int8 },
                recipe.Precision, tokens), "moments of one byte");
        if (adapter is null)
            Try("adapter.rank=16", Memory(recipe.Adapter with { Rank = 16 }, options, recipe.Precision, tokens),
                "an adapter is trained in place of all weights");
        else if (adapter.Frozen != FrozenFormat.Nf4)
            Try("adapter.frozen=nf4", Memory(adapter with { Frozen = FrozenFormat.Nf4 }, options, recipe.Precision, tokens),
                "frozen matrices of 4 bits, unpacked at each use");
        if (recipe.Precision != Precision.Bf16)
            Try("precision=bf16", Memory(adapter, options, Precision.Bf16, tokens), "8 significant bits in products");
        if (options.MicroBatchTokens > options.MaxLength)
            Try($"{section}.micro_batch_tokens={options.MaxLength}", Memory(adapter, options, recipe.Precision, options.MaxLength),
                "smaller passes: less work at once, the same result");
        long trained = now.Gradients / 4;
        return new StageMemoryPlan(stage, trained, tokens, now, [.. knobs.OrderByDescending(k => k.Saves)]);
    }
}
