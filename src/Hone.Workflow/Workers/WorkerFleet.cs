using Hone.Evaluation;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Workers;

/// <summary>The inference servers of a recipe, which sample and score in place of this process.</summary>
internal sealed class WorkerFleet : IDisposable
{
    /// <summary>A server that does not even say what it is by then is asked again in the next stage.</summary>
    private static readonly TimeSpan s_longestLook = TimeSpan.FromMinutes(1);
    private readonly Worker[] _workers;
    private bool _looked;

    /// <exception cref="InputException">An address is none, or is there twice.</exception>
    public WorkerFleet(
        IReadOnlyList<string> addresses, WorkerOptions options, Action<string> say, TimeProvider clock, TimeSpan? wait = null)
    {
        (Options, Say, Clock, Wait) = (options, say, clock, wait ?? TimeSpan.FromSeconds(1));
        _workers = [.. addresses.Select(a => new Worker(a, options, clock))];
        if (_workers.GroupBy(w => w.Url).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InputException($"workers: {twice.Key} is there twice");
        Refresh = new WeightRefresh(options, say, clock, Wait);
    }

    public WorkerOptions Options { get; }

    public Action<string> Say { get; }

    public TimeProvider Clock { get; }

    /// <summary>Before a worker that has failed is tried again.</summary>
    public TimeSpan Wait { get; }

    public WeightRefresh Refresh { get; }

    /// <summary>An engine that asks the workers; null where none of them serves a language model.</summary>
    /// <param name="policy">Opened here for its fingerprint, vocabulary and end tokens.</param>
    /// <param name="target">Its weights.</param>
    /// <param name="kept">File that keeps every answer until the stage is done.</param>
    public IGenerationEngine? Engine(PretrainedModel policy, WorkerTarget target, string kept, CancellationToken cancel)
    {
        Look(cancel);
        return _workers.Any(w => w.Language is not null) ? new WorkerEngine(this, policy, target, kept) : null;
    }

    /// <summary>Whether one of the workers serves a reward model.</summary>
    public bool ServesRewards(CancellationToken cancel)
    {
        Look(cancel);
        return _workers.Any(w => w.Reward is not null);
    }

    /// <summary>The workers that may serve what is wanted, as far as is known.</summary>
    public IReadOnlyList<Worker> Serving(Func<Worker, bool> serves) => [.. _workers.Where(w => !w.IsConnected || serves(w))];

    public void Dispose()
    {
        foreach (Worker worker in _workers) worker.Dispose();
    }

    /// <summary>Asks every worker what it is, once.</summary>
    /// <exception cref="InputException">None answers, or one is no server that can be used.</exception>
    private void Look(CancellationToken cancel)
    {
        if (_looked) return;
        string[] problems = Task.Run(() => Task.WhenAll(_workers.Select(async worker =>
        {
            using var time = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            time.CancelAfter(s_longestLook);
            try
            {
                await worker.ConnectAsync(time.Token).ConfigureAwait(false);
                Say(worker.ToString());
                return "";
            }
            catch (Exception e) when (e is EndpointException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
            {
                string why = e is EndpointException ? e.Message : $"no answer within {s_longestLook.TotalSeconds:0} s";
                Say($"worker {worker.Url} is left out for now: {why}");
                return $"{worker.Url}: {why}";
            }
        })), CancellationToken.None).GetAwaiter().GetResult();
        if (problems.All(p => p.Length > 0))
            throw new InputException($"no worker answers\n    {string.Join("\n    ", problems)}",
                fix: "Start them, or leave workers out of the recipe to compute here.");
        _looked = true;
    }
}
