using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>One optimiser step as it was: its metrics, and the tokens it took.</summary>
public sealed record StepReport(int Step, int TotalSteps, IReadOnlyDictionary<string, double> Metrics, int Tokens)
{
    /// <summary>Floating-point operations of the model's products (<see cref="StepWork"/>).</summary>
    internal double Work { get; init; }

    /// <summary>What the machine reaches a second at its best; 0 where it was not measured.</summary>
    internal double Peak { get; init; }
}

/// <summary>What the trainer tells its caller. <paramref name="Save"/> must not keep the tensors.</summary>
public sealed record TrainingHooks(
    Action<StepReport> Stepped,
    Action<int, IReadOnlyDictionary<string, double>> Evaluated,
    Action<int, IReadOnlyDictionary<string, Tensor>> Save)
{
    /// <summary>A step was left out; its report follows.</summary>
    internal Action<SkippedStep>? Skipped { get; init; }
}

/// <summary>
/// The training loop: batches of examples, gradient accumulation over passes of bounded size, clipping, AdamW. Where it
/// stands is one number, the count of finished steps: the order of the data and the learning rate are functions of it.
/// </summary>
public sealed class Trainer<TExample> : IDisposable
{
    private readonly Transformer _model;
    private readonly IObjective<TExample> _objective;
    private readonly IReadOnlyList<TExample> _train;
    private readonly IReadOnlyList<TExample> _heldOut;
    private readonly TrainingOptions _options;
    private readonly TrainingHooks _hooks;
    private readonly IReadOnlyDictionary<string, Tensor> _trained;
    private readonly AdamW _optimiser;
    private readonly StepGuard _guard;
    private readonly StepWork _work;
    private readonly List<int[]> _batches = [];

    /// <summary>Makes the model's weights trainable. They must be fp32; the model may compute in another type.</summary>
    public Trainer(
        Transformer model, IObjective<TExample> objective, IReadOnlyList<TExample> train, IReadOnlyList<TExample> heldOut,
        TrainingOptions options, TrainingHooks hooks)
    {
        // A batch without loss units has no mean: 0/0.
        bool Learnt(TExample example) => objective.LossUnits(example) > 0;
        int given = train.Count + heldOut.Count;
        (train, heldOut) = ([.. train.Where(Learnt)], [.. heldOut.Where(Learnt)]);
        Skipped = given - train.Count - heldOut.Count;
        if (train.Count == 0)
            throw new InputException(
                Skipped == 0 ? "There are no examples to train on." : $"None of the {given} examples has anything to learn.",
                fix: "See the counts of dropped rows above.");
        (_model, _objective, _train, _heldOut, _options, _hooks) = (model, objective, train, heldOut, options, hooks);
        _trained = model.Trainable;
        foreach (Tensor weight in _trained.Values) weight.requires_grad_(true);
        model.CheckpointBlocks = options.CheckpointActivations == ActivationCheckpoints.Block;
        _optimiser = new AdamW(_trained, options);
        _guard = new StepGuard(options.SkipSpikes);
        _work = new StepWork(model);
        int[] units = [.. train.Select(objective.BatchUnits)];
        for (int epoch = 0; epoch < options.Epochs; epoch++)
        {
            int[] order = BatchPlan.EpochOrder(train.Count, options.Seed, epoch);
            _batches.AddRange(BatchPlan.Cut(order, units, Math.Max(options.BatchSize, units.Max())));
        }
    }

    public int TotalSteps => _batches.Count;

    /// <summary>Examples without any loss unit, held-out ones among them: they are left out.</summary>
    public int Skipped { get; }

    /// <summary>Steps finished, those left out among them.</summary>
    public int Step { get; private set; }

    /// <summary>What is trained on: the examples given that have something to learn.</summary>
    internal IReadOnlyList<TExample> Examples => _train;

    /// <summary>Floating-point operations of the model's products in all steps.</summary>
    internal double TotalWork => _options.Epochs
        * _work.Of(_train.Sum(e => (long)_objective.Tokens(e)), _train.Sum(e => (long)_objective.HeadRows(e)));

    /// <summary>Everything a continuation needs besides <see cref="Step"/>: weights and moments, by name.</summary>
    public IReadOnlyDictionary<string, Tensor> State =>
        _trained.Select(w => ("weight/" + w.Key, w.Value)).Concat(_optimiser.State)
            .Append(("guard", _guard.State)).ToDictionary(t => t.Item1, t => t.Item2);

    /// <summary>Continues from a saved state.</summary>
    /// <param name="step">Steps that it has behind it.</param>
    /// <param name="read">
    /// The saved tensor of a name in <see cref="State"/>, null where there is none. Read and freed one at a time, so that
    /// memory holds the state once.
    /// </param>
    /// <exception cref="InputException">The state is of another model or another length of training.</exception>
    public void Restore(int step, Func<string, Tensor?> read)
    {
        if (step > TotalSteps) throw new InputException($"The saved state is at step {step}, this training has {TotalSteps} steps.");
        using var off = no_grad();
        foreach ((string name, Tensor tensor) in State)
        {
            using Tensor? value = read(name);
            if (value is null || !value.shape.SequenceEqual(tensor.shape))
                throw new InputException($"The saved state does not fit this model: `{name}`.");
            tensor.copy_(value);
        }
        (Step, _optimiser.StepCount) = (step, step - _guard.Skipped);
    }

    /// <summary>Trains to the end. When cancelled, it finishes the running step, saves, and throws.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="TrainingException">Too many steps in a row had to be left out.</exception>
    public void Run(CancellationToken cancel)
    {
        while (Step < TotalSteps)
        {
            _hooks.Stepped(RunStep());
            bool last = Step == TotalSteps;
            if (_heldOut.Count > 0 && (last || (_options.EvalEvery > 0 && Step % _options.EvalEvery == 0)))
                _hooks.Evaluated(Step, Evaluate());
            if (cancel.IsCancellationRequested || (_options.SaveEvery > 0 && Step % _options.SaveEvery == 0 && !last))
                _hooks.Save(Step, State);
            cancel.ThrowIfCancellationRequested();
        }
        foreach (Tensor weight in _trained.Values) weight.requires_grad_(false);
    }

    /// <summary>Means of the objective over the held-out examples, as <c>eval/NAME</c>.</summary>
    public IReadOnlyDictionary<string, double> Evaluate() =>
        Means(_heldOut, [.. Enumerable.Range(0, _heldOut.Count)]).ToDictionary(m => "eval/" + m.Key, m => m.Value);

    /// <summary>The loss of the model as it is now over the examples of the first step: what it has learnt of them since.</summary>
    public double LossOfFirstBatch() => Means(_train, _batches[0])["loss"];

    public void Dispose()
    {
        _optimiser.Dispose();
        _guard.Dispose();
    }

    private IReadOnlyDictionary<string, double> Means(IReadOnlyList<TExample> examples, int[] indices)
    {
        using var off = no_grad();
        var metrics = new StepMetrics();
        foreach (TExample[] pass in Passes(examples, indices))
        {
            using var scope = NewDisposeScope();
            metrics.Add("loss", _objective.Loss(_model, pass, metrics).item<float>(), pass.Sum(_objective.LossUnits));
        }
        return metrics.Means;
    }

    private StepReport RunStep()
    {
        using var scope = NewDisposeScope();
        int[] batch = _batches[Step];
        double rate = LearningRate.At(Step, TotalSteps, _options.LearningRate, _options.WarmupRatio, _options.Schedule);
        var metrics = new StepMetrics();
        (double loss, double? norm) = Gradients(batch, metrics);
        if (_guard.Refuses(loss, norm) is { } reason)
        {
            metrics = new StepMetrics();
            Leave(batch, reason);
        }
        else
        {
            _guard.Take(loss);
            _optimiser.Step(rate);
            metrics.Add("grad_norm", norm!.Value, 1);
        }
        Step++;
        metrics.Add("lr", rate, 1);
        if (_guard.Skipped > 0) metrics.Add("skipped_steps", _guard.Skipped, 1);
        int tokens = batch.Sum(i => _objective.Tokens(_train[i]));
        return new StepReport(Step, TotalSteps, metrics.Means, tokens)
        {
            Work = _work.Of(tokens, batch.Sum(i => (long)_objective.HeadRows(_train[i]))),
        };
    }

    /// <summary>Loss and gradients of a batch, these clipped; no norm where a loss that is not finite ended it early.</summary>
    private (double Loss, double? Norm) Gradients(int[] batch, StepMetrics metrics)
    {
        int units = batch.Sum(i => _objective.LossUnits(_train[i])), passes = 0;
        try
        {
            foreach (TExample[] pass in Passes(_train, batch))
            {
                using var inner = NewDisposeScope();
                if (_model.Adapter is { } adapter) adapter.DropoutSeed = Seeds.Derive(_options.Seed, $"dropout/{Step}/{passes++}");
                Tensor loss = _objective.Loss(_model, pass, metrics);
                float sum = loss.item<float>();
                if (!float.IsFinite(sum)) return (sum, null);
                metrics.Add("loss", sum, pass.Sum(_objective.LossUnits));
                loss.Times(1.0 / units).backward();
            }
        }
        finally
        {
            if (_model.Adapter is { } trained) trained.DropoutSeed = null;
        }
        return (metrics.Means["loss"], GradientNorm.Clip(_trained.Values, _options.ClipNorm));
    }

    /// <summary>Forgets the gradients of a step that is not taken, and says what is wrong with it.</summary>
    private void Leave(int[] batch, string reason)
    {
        using (no_grad())
            foreach (Tensor weight in _trained.Values) weight.grad?.zero_();
        _guard.Skip();
        _hooks.Skipped?.Invoke(new SkippedStep(Step + 1, reason, Suspects(batch)));
        if (_guard.InARow >= _options.StopAfterSkipped)
            throw new TrainingException($"Step {Step + 1}: {reason}"
                + (_guard.InARow > 1 ? $"; it is number {_guard.InARow} of steps in a row that had to be left out. " : ". ")
                + "Nothing of it was kept.\n  Lower the learning rate, or look for a broken row among the data.");
    }

    /// <summary>The examples of a batch whose own loss is not finite, else the one with the highest loss per unit.</summary>
    private int[] Suspects(int[] batch)
    {
        (int Example, double Loss)[] losses = [.. batch.Select(i => (i, Means(_train, [i])["loss"]))];
        int[] broken = [.. losses.Where(l => !double.IsFinite(l.Loss)).Select(l => l.Example)];
        return broken.Length > 0 ? broken : [losses.MaxBy(l => l.Loss).Example];
    }

    /// <summary>Examples longest first, cut into passes of at most <see cref="TrainingOptions.MicroBatchTokens"/>.</summary>
    private IEnumerable<TExample[]> Passes(IReadOnlyList<TExample> examples, int[] indices)
    {
        int[] sizes = [.. indices.Select(i => _objective.Tokens(examples[i]))];
        foreach (int[] pass in BatchPlan.Cut(BatchPlan.LongestFirst(sizes), sizes, Math.Max(_options.MicroBatchTokens, sizes.Max())))
            yield return [.. pass.Select(at => examples[indices[at]])];
    }
}

/// <summary>Training cannot go on, for a reason that lies in numbers and not in what the user typed. Exit code 1.</summary>
public sealed class TrainingException(string message) : Exception(message);
