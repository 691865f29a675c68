using System.ComponentModel.DataAnnotations;
using Hone.Data;
using Hone.Inference;
using Hone.Models;
using Hone.Runs.Recipes;
using Hone.Training;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>
/// Training from a program, without a recipe or a run folder: rows and options in, a trained model out. Rows are tokenised, held to
/// lengths and learnt from by the code that a recipe's stages run. <see cref="SftTrainer"/>, <see cref="RewardTrainer"/> and
/// <see cref="DpoTrainer"/> say what is learnt.
/// </summary>
/// <remarks>No training states are kept: what is to survive a kill is a run (<c>hone run</c>, <see cref="OnlineRlhf"/>).</remarks>
public abstract class ModelTrainer
{
    private const long ShardBytes = 5L << 30;
    private readonly TrainOptions _options;
    private readonly ulong _seed;

    private protected ModelTrainer(PretrainedModel model, TrainOptions options, ulong seed, string rows)
    {
        (Model, _options, _seed, Rows) = (model, options, seed, new DataReport(rows));
        List<ValidationResult> wrong = [];
        if (!Validator.TryValidateObject(options, new ValidationContext(options), wrong, validateAllProperties: true))
            throw new InputException(string.Join(" ", wrong.Select(w => w.ErrorMessage)), options.GetType().Name);
        if (options.Keep == KeptWeights.Best)
            throw new InputException("Keep is Best, which keeps weights in a run's folder", options.GetType().Name,
                "Keep the weights in an Evaluated handler (Save), or train by a recipe.");
        if (model.Model.Trainable.Values.Any(w => w.dtype != ScalarType.Float32))
            throw new InputException("the weights to be trained are not held in fp32", model.Path,
                "Open the model with a TrainingStart.");
    }

    /// <summary>The model that is trained, in place; whoever opened it disposes it.</summary>
    public PretrainedModel Model { get; }

    /// <summary>How many rows were read, kept and dropped, and why.</summary>
    public DataReport Rows { get; }

    /// <summary>Called after each optimiser step with its metrics, by TRL's names.</summary>
    public event Action<StepReport>? Stepped;

    /// <summary>Called after each evaluation on held-out rows: steps finished, means as <c>eval/NAME</c>.</summary>
    public event Action<int, IReadOnlyDictionary<string, double>>? Evaluated;

    /// <summary>Trains to the end and returns the last step.</summary>
    /// <exception cref="InputException">No row is left to train on.</exception>
    /// <exception cref="TrainingException">The loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Cancelled, after the step that was running.</exception>
    public abstract StepReport Train(CancellationToken cancel = default);

    /// <summary>
    /// Writes the model as a Hugging Face folder in fp32, or its adapter as a PEFT folder; tokenizer and template are those of the
    /// model that was opened.
    /// </summary>
    /// <exception cref="InputException">There is something of this name already.</exception>
    public void Save(string folder)
    {
        if (Path.Exists(folder)) throw new InputException("there is something here already", folder, "Give another folder.");
        RunContext.SaveModel(Model.Model, folder, from: Model.Path, ShardBytes);
    }

    private protected StepReport Run<T>(
        IObjective<T> objective, IReadOnlyList<T> train, IReadOnlyList<T> heldOut, CancellationToken cancel)
    {
        StepReport? last = null;
        Device device = Model.Model.Device;
        TrainOptions settled = TrainingMemory.Settle(
            _options, Model.Model.Config, AsRecipe(), device.type, ModelMemory.OfDevice(device));
        TrainingOptions options = StageTrainer.Options(settled, _seed) with { SaveEvery = 0 };
        using var trainer = new Trainer<T>(Model.Model, objective, train, heldOut, options,
            new TrainingHooks(
                report =>
                {
                    last = report;
                    Stepped?.Invoke(report);
                },
                (step, means) => Evaluated?.Invoke(step, means),
                (_, _) => { }));
        trainer.Run(cancel);
        return last!;
    }

    /// <summary>What of a recipe decides the memory of a training.</summary>
    private Recipe AsRecipe() => new()
    {
        Precision = Model.Model.ComputeType == ScalarType.BFloat16 ? Precision.Bf16 : Precision.Fp32,
        Adapter = Model.Model.Adapter is { } adapter
            ? new AdapterOptions { Rank = adapter.Options.Rank, Targets = adapter.Options.Targets }
            : new AdapterOptions(),
    };
}
