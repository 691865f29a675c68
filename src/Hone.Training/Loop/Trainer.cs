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
    private readonly Ranks _ranks;
    private readonly SharedState? _shared;
    private readonly IDisposable _freed = TensorAllocator.KeepFreed();

    /// <summary>Makes the model's weights trainable. They must be fp32; the model may compute in another type.</summary>
    public Trainer(
        Transformer model, IObjective<TExample> objective, IReadOnlyList<TExample> train, IReadOnlyList<TExample> heldOut,
        TrainingOptions options, TrainingHooks hooks)
        : this(model, objective, train, heldOut, options, hooks, Ranks.Single)
    {
    }

    /// <summary>The same over several ranks: each is given the same model, examples and options; rank 0's hooks are called.</summary>
    internal Trainer(
        Transformer model, IObjective<TExample> objective, IReadOnlyList<TExample> train, IReadOnlyList<TExample> heldOut,
        TrainingOptions options, TrainingHooks hooks, Ranks ranks)
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
        (_model, _objective, _train, _heldOut, _options, _hooks, _ranks) = (model, objective, train, heldOut, options, hooks, ranks);
        _trained = model.Trainable;
        foreach (Tensor weight in _trained.Values) weight.requires_grad_(true);
        model.CheckpointBlocks = options.CheckpointActivations == ActivationCheckpoints.Block;
        _shared = ranks.Alone ? null : new SharedState(_trained, options, ranks);
        _optimiser = new AdamW(_shared?.Owned ?? _trained, options);
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

    /// <summary>
    /// Everything a continuation needs besides <see cref="Step"/>: weights and moments, by name; of several ranks with a sharded
    /// optimiser, this one's part.
    /// </summary>
    public IReadOnlyDictionary<string, Tensor> State =>
        _trained.Select(w => ("weight/" + w.Key, w.Value)).Concat(_optimiser.State)
            .Append(("guard", _guard.State)).ToDictionary(t => t.Item1, t => t.Item2);

    /// <summary>Continues from a saved state.</summary>
    /// <param name="step">Steps that it has behind it.</param>
    /// <param name="read">
    /// The saved tensor of a name in <see cref="State"/>, null where there is none. Read and freed one at a time, so that
    /// memory holds the state once. Of several ranks, rank 0 reads.
    /// </param>
    /// <exception cref="InputException">The state is of another model or another length of training.</exception>
    public void Restore(int step, Func<string, Tensor?> read)
    {
        if (step > TotalSteps) throw new InputException($"The saved state is at step {step}, this training has {TotalSteps} steps.");
        using var off = no_grad();
        IEnumerable<(string, Tensor)> state = _shared?.Whole(_optimiser, _guard.State) ?? State.Select(s => (s.Key, s.Value));
        foreach ((string name, Tensor tensor) in state)
        {
            if (_ranks.Leads)
            {
                using Tensor? value = read(name);
                if (value is null || !value.shape.SequenceEqual(tensor.shape))
                    throw new InputException($"The saved state does not fit this model: `{name}`.");
                tensor.copy_(value);
            }
            _ranks.Broadcast(tensor, 0);
        }
        (Step, _optimiser.StepCount) = (step, step - _guard.Skipped);
    }

    /// <summary>Trains to the end. When cancelled, it finishes the running step, saves, and throws.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    /// <exception cref="TrainingException">Too many steps in a row had to be left out.</exception>
    public void Run(CancellationToken cancel)
    {
        _shared?.RequireSameWeights("before the first step", _model.Weights.Values.Concat(_model.Adapter?.Tensors.Values ?? []));
        while (Step < TotalSteps)
        {
            StepReport report = RunStep();
            if (_ranks.Leads) _hooks.Stepped(report);
            bool last = Step == TotalSteps;
            if (_heldOut.Count > 0 && (last || (_options.EvalEvery > 0 && Step % _options.EvalEvery == 0)))
            {
                IReadOnlyDictionary<string, double> means = Evaluate();
                if (_ranks.Leads) _hooks.Evaluated(Step, means);
            }
            if (last || Step % SharedState.CheckEvery == 0) _shared?.RequireSameWeights($"after step {Step}", _trained.Values);
            bool stop = _ranks.Agree(cancel.IsCancellationRequested);
            if (stop || (_options.SaveEvery > 0 && Step % _options.SaveEvery == 0 && !last)) Save();
            if (stop) throw new OperationCanceledException(cancel);
        }
        foreach (Tensor weight in _trained.Values) weight.requires_grad_(false);
    }

    /// <summary>
    /// Means of the objective over the held-out examples, as <c>eval/NAME</c>. Of several ranks each takes a part of the passes, and
    /// rank 0 has the means.
    /// </summary>
    public IReadOnlyDictionary<string, double> Evaluate()
    {
        int[] all = [.. Enumerable.Range(0, _heldOut.Count)];
        return (_ranks.Alone ? Means(_heldOut, all) : SharedMeans(all)).ToDictionary(m => "eval/" + m.Key, m => m.Value);
    }

    /// <summary>The loss of the model as it is now over the examples of the first step: what it has learnt of them since.</summary>
    public double LossOfFirstBatch() => Means(_train, _batches[0])["loss"];

    public void Dispose()
    {
        _optimiser.Dispose();
        _guard.Dispose();
        _shared?.Dispose();
        _freed.Dispose();
    }

    private IReadOnlyDictionary<string, double> Means(IReadOnlyList<TExample> examples, int[] indices)
    {
        using var off = no_grad();
        var metrics = new StepMetrics();
        foreach (TExample[] pass in Passes(examples, indices)) Measure(pass, metrics);
        return metrics.Means;
    }

    private void Measure(TExample[] pass, StepMetrics metrics)
    {
        using var scope = NewDisposeScope();
        metrics.Add("loss", _objective.Loss(_model, pass, metrics).item<float>(), pass.Sum(_objective.LossUnits));
    }

    /// <summary>The passes of one process, dealt to the ranks in turn and added up in their order: the same bits.</summary>
    private IReadOnlyDictionary<string, double> SharedMeans(int[] indices)
    {
        using var off = no_grad();
        var parts = new List<PassMetrics>();
        foreach ((int number, TExample[] pass) in Passes(_heldOut, indices).Index())
        {
            if (number % _ranks.Size != _ranks.Rank) continue;
            var part = new StepMetrics();
            Measure(pass, part);
            parts.Add(new PassMetrics(number, part.Sums));
        }
        var metrics = new StepMetrics();
        _shared!.Gather(parts, null, metrics);
        return metrics.Means;
    }

    private void Save()
    {
        if (_shared is null) _hooks.Save(Step, State);
        else _shared.Save(_optimiser, _guard.State, state => _hooks.Save(Step, state));
    }

    private StepReport RunStep()
    {
        using var scope = NewDisposeScope();
        int[] batch = _batches[Step];
        double rate = LearningRate.At(Step, TotalSteps, _options.LearningRate, _options.WarmupRatio, _options.Schedule);
        var metrics = new StepMetrics();
        (double loss, double? norm) = _shared is null ? Gradients(batch, metrics) : SharedGradients(batch, metrics);
        string? reason = _ranks.Leads ? _guard.Refuses(loss, norm) : null;
        if (_shared is not null) norm = _shared.Decide(reason is null ? norm : null);
        if (reason is not null || norm is null)
        {
            metrics = new StepMetrics();
            Leave(batch, reason);
        }
        else
        {
            _guard.Take(loss);
            GradientNorm.Clip(_trained.Values, norm.Value, _options.ClipNorm);
            _optimiser.Step(rate);
            _shared?.ShareWeights();
            metrics.Add("grad_norm", norm.Value, 1);
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

    /// <summary>Loss and gradients of a batch, and their norm; no norm where a loss that is not finite ended it early.</summary>
    private (double Loss, double? Norm) Gradients(int[] batch, StepMetrics metrics)
    {
        int units = batch.Sum(i => _objective.LossUnits(_train[i]));
        foreach ((int number, TExample[] pass) in Passes(_train, batch).Index())
            if (Backward(pass, number, units, metrics) is var sum && !double.IsFinite(sum)) return (sum, null);
        return (metrics.Means["loss"], GradientNorm.Of(_trained.Values));
    }

    /// <summary>
    /// The same over several ranks, of which each takes a share of the batch; or, deterministic, of the passes that one process would
    /// make. Rank 0 has loss, norm and metrics; all have the gradients.
    /// </summary>
    private (double Loss, double? Norm) SharedGradients(int[] batch, StepMetrics metrics)
    {
        bool ordered = _options.Deterministic;
        int units = batch.Sum(i => _objective.LossUnits(_train[i])), size = _ranks.Size;
        int[] own = ordered ? batch
            : [.. BatchShare.Of([.. batch.Select(i => _objective.Tokens(_train[i]))], size)[_ranks.Rank].Select(at => batch[at])];
        TExample[][] all = own.Length == 0 ? [] : [.. Passes(_train, own)];
        TExample[][] mine = ordered ? [.. all.Where((_, number) => number % size == _ranks.Rank)] : all;
        var parts = new List<PassMetrics>();
        double? broken = null;
        for (int turn = 0; turn < (ordered ? (all.Length + size - 1) / size : mine.Length); turn++)
        {
            int number = (turn * size) + _ranks.Rank;
            if (turn < mine.Length && broken is null)
            {
                // Only the last pass completes gradients, which then travel while those of the layers before are computed.
                if (!ordered && turn == mine.Length - 1) _model.LayerDone = _shared!.Buckets.LayerDone;
                var part = new StepMetrics();
                double sum = Backward(mine[turn], number, units, part);
                _model.LayerDone = null;
                if (double.IsFinite(sum)) parts.Add(new PassMetrics(number, part.Sums));
                else broken = sum;
            }
            if (ordered) _shared!.Buckets.AddInOrder(Math.Min(size, all.Length - (turn * size)));
        }
        if (ordered) _shared!.Buckets.TakeSums();
        else _shared!.Buckets.Finish();
        broken = _shared.Gather(parts, broken, metrics);
        return !_ranks.Leads ? (0, null) : broken is { } loss ? (loss, null) : (metrics.Means["loss"], GradientNorm.Of(_trained.Values));
    }

    /// <summary>One pass, forward and backward; without the latter where the loss is not finite.</summary>
    /// <param name="number">Among the batch's passes.</param>
    /// <returns>The sum of the loss.</returns>
    private double Backward(TExample[] pass, int number, int units, StepMetrics metrics)
    {
        using var inner = NewDisposeScope();
        try
        {
            if (_model.Adapter is { } adapter) adapter.DropoutSeed = Seeds.Derive(_options.Seed, $"dropout/{Step}/{number}");
            Tensor loss = _objective.Loss(_model, pass, metrics);
            float sum = loss.item<float>();
            if (!float.IsFinite(sum)) return sum;
            metrics.Add("loss", sum, pass.Sum(_objective.LossUnits));
            loss.Times(1.0 / units).backward();
            return sum;
        }
        finally
        {
            if (_model.Adapter is { } trained) trained.DropoutSeed = null;
        }
    }

    /// <summary>Forgets the gradients of a step that is not taken, and says what is wrong with it.</summary>
    private void Leave(int[] batch, string? reason)
    {
        using (no_grad())
            foreach (Tensor weight in _trained.Values) weight.grad?.zero_();
        if (reason is null) return; // rank 0 says so, and what for
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
