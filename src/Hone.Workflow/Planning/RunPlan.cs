using Hone.Data;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Workflow.World;
using TorchSharp;
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
    /// <param name="localise">From the recipe's word for the base model to its folder, whose configuration alone is read.</param>
    /// <param name="machine">Bytes of the machine that it is for; null for this one.</param>
    /// <exception cref="InputException">There is no such model.</exception>
    public static RunPlan Of(Recipe recipe, Func<string, string> localise, long? machine = null) =>
        Of(recipe, recipe.Model == "world" ? WorldBaseModel.Config : ConfigFile.Load(localise(recipe.Model)), machine);

    /// <param name="recipe">The run.</param>
    /// <param name="config">Its base model.</param>
    /// <param name="machine">Bytes of the machine that it is for; null for this one.</param>
    public static RunPlan Of(Recipe recipe, TransformerConfig config, long? machine = null)
    {
        long memory = machine ?? ModelMemory.OfMachine;
        TransformerConfig reward = config with { IsRewardModel = true };
        AdapterOptions? adapter = recipe.Adapter.Rank > 0 ? recipe.Adapter : null;
        var stages = new List<StageMemoryPlan>();
        void Add(string stage, string section, TrainOptions options, TransformerConfig model)
        {
            if (options.Enabled) stages.Add(Stage(recipe, stage, section, options, model, adapter, memory));
        }
        Add("sft", "sft", recipe.Sft, config);
        Add("reward", "reward", recipe.Reward, reward);
        Add("offline-dpo", "offline_dpo", recipe.OfflineDpo, config);
        Add("online-dpo", "online", recipe.Online, config);
        ScalarType type = recipe.Precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        int models = 1 + stages.Sum(s => s.Stage switch
        {
            "offline-dpo" => 3 + recipe.OfflineDpo.BetaSweep.Count,
            "online-dpo" => recipe.Online.Iterations,
            _ => 1,
        });
        long trained = stages.Count == 0 ? 0 : stages.Max(s => s.Trained);
        // On the CPU the engine that samples holds the matrices once more, as it reads them.
        long sampling = ModelMemory.Weights(config, type) + EngineBytes(config, recipe) + (memory / 4);
        return new RunPlan(ModelMemory.Parameters(config), stages, sampling,
            (models * 4 * trained) + (recipe.Save.KeepCheckpoints * 12 * trained), memory);
    }

    /// <summary>The kind of device that a recipe names. A plan asks no machine, so <c>auto</c> is a CPU.</summary>
    private static DeviceType DeviceOf(Recipe recipe) =>
        recipe.Device.StartsWith("cuda", StringComparison.Ordinal) ? DeviceType.CUDA : DeviceType.CPU;

    private static long EngineBytes(TransformerConfig config, Recipe recipe)
    {
        if (DeviceOf(recipe) == DeviceType.CUDA || config.Experts is not null) return 0;
        const double Scale = 2.0 / 32; // a block of 32 has one, of two bytes
        long all = ModelMemory.Parameters(config), ends = (long)config.VocabularySize * config.HiddenSize * (config.TieEmbeddings ? 1 : 2);
        return recipe.Sampling.Format switch
        {
            SamplingFormat.Int8 => (long)(all * (1 + Scale)),
            SamplingFormat.Int4 => (long)(((all - ends) * (0.5 + Scale)) + (ends * (1 + Scale))), // embeddings and head stay int8
            SamplingFormat.Fp32 => 4 * all,
            SamplingFormat.Bf16 => 2 * all,
            _ => (recipe.Precision == Precision.Bf16 ? 2 : 4) * all,
        };
    }

    private static StageMemoryPlan Stage(
        Recipe recipe, string stage, string section, TrainOptions options, TransformerConfig config, AdapterOptions? adapter, long memory)
    {
        options = TrainingMemory.Settle(options, config, recipe, DeviceOf(recipe), memory);
        // A pass is never smaller than the longest example.
        long tokens = Math.Max(options.MicroBatchTokens, options.MaxLength);
        TrainingMemory Memory(AdapterOptions? a, TrainOptions o, Precision p, long t) =>
            TrainingMemory.Of(config, a, o, p, DeviceOf(recipe), t);
        TrainingMemory With(TrainOptions o) => Memory(adapter, o, recipe.Precision, tokens);
        TrainingMemory Adapted(AdapterOptions a) => Memory(a, options, recipe.Precision, tokens);
        TrainingMemory now = With(options);
        var knobs = new List<PlanKnob>();
        void Try(string setting, TrainingMemory then, string price)
        {
            // What is set already saves nothing.
            if (now.Total - then.Total > now.Total / 50) knobs.Add(new PlanKnob(setting, now.Total - then.Total, price));
        }
        Try($"{section}.checkpoint_activations=block", With(options with { CheckpointActivations = ActivationCheckpoints.Block }),
            "each layer is computed twice: about a third more time");
        Try($"{section}.optimizer_state=int8", With(options with { OptimizerState = OptimizerState.Int8 }), "moments of one byte");
        if (adapter is null)
            Try("adapter.rank=16", Adapted(recipe.Adapter with { Rank = 16 }), "an adapter is trained in place of all weights");
        else
            Try("adapter.frozen=nf4", Adapted(adapter with { Frozen = FrozenFormat.Nf4 }),
                "frozen matrices of 4 bits, unpacked at each use");
        Try("precision=bf16", Memory(adapter, options, Precision.Bf16, tokens), "8 significant bits in products");
        Try($"{section}.micro_batch_tokens={options.MaxLength}", Memory(adapter, options, recipe.Precision, options.MaxLength),
            "smaller passes: less work at once, the same result");
        long trained = now.Gradients / 4;
        return new StageMemoryPlan(stage, trained, tokens, now, [.. knobs.OrderByDescending(k => k.Saves)]);
    }
}
