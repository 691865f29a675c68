using Hone.Inference;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>What every stage of a run has at hand. Time, randomness and output come from here and from nowhere else.</summary>
public sealed record RunContext
{
    public required Recipe Recipe { get; init; }

    public required StageStore Stages { get; init; }

    /// <summary>Stages to be done again from the start, by name.</summary>
    public IReadOnlyList<string> Redo { get; init; } = [];

    /// <summary>Digests of files, from memory where they have not changed.</summary>
    public required KnownDigests Digests { get; init; }

    /// <summary>Where and in what the stages compute.</summary>
    public required ComputeTarget Target { get; init; }

    /// <summary>One line for the person who watches, and for log.jsonl.</summary>
    public required Action<string> Say { get; init; }

    /// <summary>
    /// Called after every optimiser step: stage, report. Speeds and memory are its business; nothing of it enters a result.
    /// </summary>
    public required Action<string, StepReport> Progress { get; init; }

    public required CancellationToken Cancel { get; init; }

    /// <summary>What the result of each stage depends on.</summary>
    public StageIdentity Identity => new(Recipe);

    public ulong Seed => (ulong)Recipe.Seed;

    /// <summary>Most tokens in one scoring pass.</summary>
    public int ScoringTokens => Recipe.Sft.MicroBatchTokens;

    public StageFolder OpenStage(string name, StageInputs stageInputs) => Stages.Open(name, stageInputs, Redo.Contains(name));

    public PretrainedModel Open(string folder, bool trainable = false) => PretrainedModel.Open(folder, Target, trainable);

    /// <summary>
    /// Saves a model in fp32 as a Hugging Face folder, with the tokenizer, template and generation settings of another one.
    /// </summary>
    public void SaveModel(Transformer model, string folder, string textFrom)
    {
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true); // of an attempt that was cut off
        CheckpointFolder.Save(folder, model.Weights, model.Config, ScalarType.Float32, textFrom, (long)Recipe.Save.ShardMegabytes << 20);
    }
}
