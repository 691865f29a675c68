using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;
using Hone.Workflow.Workers;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>What every stage of a run has at hand. Time, randomness and output come from here and from nowhere else.</summary>
public sealed record RunContext
{
    internal RunContext(StageStore stages, KnownDigests digests) => (Stages, Digests) = (stages, digests);

    public required Recipe Recipe { get; init; }

    internal StageStore Stages { get; }

    /// <summary>Stages to be done again from the start, by name.</summary>
    public IReadOnlyList<string> Redo { get; init; } = [];

    /// <summary>Digests of files, from memory where they have not changed.</summary>
    internal KnownDigests Digests { get; }

    /// <summary>Where and in what the stages compute.</summary>
    public required ComputeTarget Target { get; init; }

    /// <summary>The processes that share the training stages; all else is done by rank 0, which is this one.</summary>
    internal Training.Ranks Ranks { get; init; } = Training.Ranks.Single;

    /// <summary>One line for the person who watches, and for log.jsonl.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>Called before a stage's first optimiser step: stage, steps that a saved state has behind it.</summary>
    public required Action<string, int> Begin { get; init; }

    /// <summary>
    /// Called after every optimiser step: stage, report. Speeds and memory are its business; nothing of it enters a result.
    /// </summary>
    public required Action<string, StepReport> Progress { get; init; }

    public required CancellationToken Cancel { get; init; }

    /// <summary>What was read and dropped, a line per source, for the report.</summary>
    internal List<string> DataReport { get; } = [];

    /// <summary>Examples that each stage of this process was trained on.</summary>
    internal Dictionary<string, int> Trained { get; } = [];

    /// <summary>A line on the data: for the person who watches, and for the report.</summary>
    internal void SayOfData(string line)
    {
        Say(line);
        DataReport.Add(line);
    }

    /// <summary>For speeds alone; nothing of it enters a result.</summary>
    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>The servers that sample and score in place of this process; null for none.</summary>
    internal WorkerFleet? Workers { get; init; }

    /// <summary>What the result of each stage depends on.</summary>
    internal StageIdentity Identity => new(Recipe);

    internal ulong Seed => (ulong)Recipe.Seed;

    /// <summary>Most tokens in one scoring pass.</summary>
    internal int ScoringTokens => Recipe.Sft.MicroBatchTokens;

    internal StageFolder OpenStage(string name, StageInputs stageInputs) => Stages.Open(name, stageInputs, Redo.Contains(name));

    internal PretrainedModel Open(string folder) => PretrainedModel.Open(folder, Target);

    /// <summary>What samples answers for a stage: the workers that serve language models, else an engine here.</summary>
    /// <param name="policy">The model that answers, opened.</param>
    /// <param name="of">What it was opened from.</param>
    internal IGenerationEngine Sampler(StageFolder stage, PretrainedModel policy, ModelRef of, KeptBetween kept = KeptBetween.Nothing,
        SamplingFormat format = SamplingFormat.Auto)
    {
        if (Workers?.Engine(policy, WorkerTarget.Of(of), stage.Beside("answers.db"), Cancel) is not { } workers)
            return policy.CreateEngine(kept, format);
        if (format != SamplingFormat.Auto)
            Say($"sampling.format {format.ToString().ToLowerInvariant()} is not used: workers sample in the format they were started in");
        return workers;
    }

    /// <summary>The same rows with <c>rewards</c> [K]: from the workers that serve a reward model, else computed here.</summary>
    /// <param name="of">What the reward model was opened from.</param>
    /// <param name="sameRendering">Whether the rows' token ids are those of the reward model, too.</param>
    internal IReadOnlyList<SampleRow> Score(PretrainedModel reward, ModelRef of, bool sameRendering, IReadOnlyList<SampleRow> rows) =>
        RewardScoring.Score(reward, of, sameRendering, rows, ScoringTokens, Workers, Cancel);

    /// <summary>A model to be trained by a stage: all of its weights, or an adapter where the recipe says so.</summary>
    internal PretrainedModel OpenToTrain(string folder, StageFolder stage) => PretrainedModel.Open(folder, Target, TrainingOf(stage));

    /// <summary>
    /// The policy that a stage is regularised to, held as the trained one is: on rounded matrices both must be rounded alike, or
    /// the loss would not begin at ln 2.
    /// </summary>
    internal PretrainedModel OpenReference(string folder, StageFolder stage) =>
        Recipe.Adapter is { Rank: > 0, Frozen: not FrozenFormat.Compute } ? OpenToTrain(folder, stage) : Open(folder);

    internal TrainingStart TrainingOf(StageFolder stage) => TrainingOf(Recipe.Adapter, Seed, stage.Name);

    internal static TrainingStart TrainingOf(AdapterOptions adapter, ulong seed, string stage) =>
        new(adapter.Lora(), Seeds.Derive(seed, $"adapter/{stage}"), adapter.Start == AdapterStart.Fresh, adapter.Frozen);

    /// <summary>
    /// Saves what was trained: all weights in fp32 as a Hugging Face folder, or the adapter as a PEFT folder. Tokenizer,
    /// template and generation settings are those of the model that it was begun from.
    /// </summary>
    internal void SaveModel(Transformer model, string folder, string from) =>
        SaveModel(model, folder, from, (long)Recipe.Save.ShardMegabytes << 20);

    internal static void SaveModel(Transformer model, string folder, string from, long shardBytes)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true); // of an attempt that was cut off
        if (model.Adapter is not null) CheckpointFolder.SaveAdapter(folder, model, ModelPath.BaseName(from), from);
        else CheckpointFolder.Save(folder, model.Weights, model.Config, ScalarType.Float32, from, shardBytes);
    }
}
