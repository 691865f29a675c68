using Hone.Evaluation;
using Hone.Inference;
using Hone.Runs.Recipes;

namespace Hone.Workflow.Workers;

/// <summary>The inference servers of a recipe, which sample and score in place of this process.</summary>
internal sealed class WorkerFleet : IDisposable
{
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
        Refresh = new WeightRefresh(options, clock, Wait);
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

    /// <summary>The workers that can be asked now; the others are said.</summary>
    /// <param name="prove">Throws where a worker cannot be asked.</param>
    /// <exception cref="InputException">A worker answers wrongly, or none answers.</exception>
    public async Task<IReadOnlyList<Worker>> ReadyAsync(
        Func<Worker, bool> serves, Func<Worker, CancellationToken, Task> prove, CancellationToken cancel)
    {
        Worker[] asked = [.. _workers.Where(w => !w.IsConnected || serves(w))];
        string?[] problems = await Task.WhenAll(asked.Select(async worker =>
        {
            try
            {
                await prove(worker, cancel).ConfigureAwait(false);
                return serves(worker) ? null : "";
            }
            catch (EndpointException e)
            {
                worker.Forget();
                Say($"worker {worker.Url} is left out for now: {e.Message}");
                return e.Message;
            }
        })).ConfigureAwait(false);
        Worker[] ready = [.. asked.Where((_, i) => problems[i] is null)];
        if (ready.Length > 0) return ready;
        IEnumerable<string> reasons = asked.Zip(problems).Where(p => p.Second is { Length: > 0 }).Select(p => $"{p.First.Url}: {p.Second}");
        throw new InputException($"no worker answers\n    {string.Join("\n    ", reasons)}",
            fix: "Start them, or leave workers out of the recipe to compute here.");
    }

    public void Dispose()
    {
        foreach (Worker worker in _workers) worker.Dispose();
    }

    /// <summary>Asks every worker what it is, once.</summary>
    private void Look(CancellationToken cancel)
    {
        if (_looked) return;
        Task.Run(() => ReadyAsync(_ => true, async (worker, token) =>
        {
            await worker.ConnectAsync(token).ConfigureAwait(false);
            Say(worker.ToString());
        }, cancel), CancellationToken.None).GetAwaiter().GetResult();
        _looked = true;
    }
}
