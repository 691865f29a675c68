using System.Threading.Channels;

namespace Hone.Evaluation;

/// <summary>A server among several that are asked the same.</summary>
internal interface IAskedServer
{
    /// <summary>What messages call it by.</summary>
    string Url { get; }

    /// <summary>After a cut connection nothing is known of it any more: another server may stand there now.</summary>
    void Forget();
}

/// <summary>
/// Requests dealt out to workers, many at a time to each, as soon as each of them is proved. What fails goes back and is asked of
/// whoever is free next; a worker that has failed is asked no more until it was proved anew, one request at a time at first, and is given
/// up after a few failures in a row.
/// </summary>
/// <param name="inFlight">Requests under way at a time at each worker.</param>
/// <param name="ask">Asks a worker a request.</param>
/// <param name="prove">Whether a worker may be asked: throws where not. What is wrong at the beginning ends everything.</param>
/// <param name="answered">Called once for each request, one after the other.</param>
/// <param name="wait">Before a worker that has failed is tried again; doubled from failure to failure.</param>
/// <param name="givenUp">
/// Called in place of <paramref name="answered"/> for a request that failed too often, with the last failure; null where that ends
/// everything.
/// </param>
internal sealed class Dispatch<TWorker, T>(
    IReadOnlyList<TWorker> workers, int inFlight, Func<TWorker, int, CancellationToken, Task<T>> ask,
    Func<TWorker, CancellationToken, Task> prove, Action<int, T> answered, Action<string> say, TimeProvider clock, TimeSpan wait,
    Action<int, string>? givenUp = null)
    where TWorker : class, IAskedServer
{
    /// <summary>Failures in a row of a worker, and of a request that is needed or not, before it is given up.</summary>
    private const int MostFailures = 4, MostTries = 12, MostTriesOfDispensable = 4;

    private readonly Channel<int> _waiting = Channel.CreateUnbounded<int>();
    private readonly Lock _gate = new();
    private readonly List<string> _lost = [];
    private readonly Dictionary<int, int> _tries = [];
    private readonly Dictionary<int, HashSet<TWorker>> _refused = [];
    private readonly HashSet<TWorker> _served = [];
    private int _left, _living;
    private Exception? _failure;

    /// <summary>The workers that have answered something.</summary>
    public IReadOnlyCollection<TWorker> Served => _served;

    /// <exception cref="InputException">A worker answers wrongly, no worker is left, or a request is refused by all.</exception>
    public async Task RunAsync(IReadOnlyList<int> requests, CancellationToken cancel)
    {
        (_left, _living) = (requests.Count, workers.Count);
        if (_left == 0) return;
        foreach (int request in requests) _waiting.Writer.TryWrite(request);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAll(workers.Select(w => ServeAsync(w, end))).ConfigureAwait(false);
        if (_failure is not null) throw _failure;
        cancel.ThrowIfCancellationRequested();
        if (_left > 0)
            throw new InputException($"no worker is left, and {_left} requests are not answered\n    {string.Join("\n    ", _lost)}",
                fix: "Mend them and go on with the run: what was answered is kept.");
    }

    private async Task ServeAsync(TWorker worker, CancellationTokenSource end)
    {
        bool proved = false;
        try
        {
            if (!await ProveAsync(worker, null, 0, end.Token).ConfigureAwait(false)) return;
            proved = true;
            int failures = 0;
            while (await RoundAsync(worker, careful: failures > 0, end).ConfigureAwait(false) is { } round)
            {
                failures = round.Answered ? 1 : failures + 1;
                say($"worker {worker.Url}: {round.Failure.Message}; what it was asked is asked again");
                if (!await ProveAsync(worker, round.Failure, failures, end.Token).ConfigureAwait(false)) return;
                if (!round.Failure.MayPass) Blame(round.Request, round.Failure, end);
            }
        }
        catch (InputException e) when (proved)
        {
            Lose(worker, e.Message);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // All is answered, or nothing more is to be.
        }
        catch (Exception e)
        {
            Stop(e, end);
        }
    }

    /// <summary>Waits until a worker has shown that it may be asked; false where it is given up.</summary>
    /// <param name="failure">The last one; null for none.</param>
    /// <param name="failures">In a row, that one included.</param>
    private async Task<bool> ProveAsync(TWorker worker, EndpointException? failure, int failures, CancellationToken cancel)
    {
        while (failures < MostFailures)
        {
            if (failure is not null) await Task.Delay(wait * Math.Pow(2, failures - 1), clock, cancel).ConfigureAwait(false);
            try
            {
                if (failure is { Status: 0 }) worker.Forget();
                await prove(worker, cancel).ConfigureAwait(false);
                return true;
            }
            catch (EndpointException e)
            {
                if (failure is null) say($"worker {worker.Url} cannot be asked: {e.Message}");
                (failure, failures) = (e, e.MayPass ? failures + 1 : MostFailures);
            }
        }
        Lose(worker, failure!.Message);
        return false;
    }

    /// <summary>Asks side by side until one request fails and those under way have ended; null when nothing is left to ask.</summary>
    /// <param name="careful">One alone first.</param>
    private async Task<Round?> RoundAsync(TWorker worker, bool careful, CancellationTokenSource end)
    {
        using var taking = CancellationTokenSource.CreateLinkedTokenSource(end.Token);
        Round? failed = null;
        bool any = false;
        if (careful) await TakeAsync(1).ConfigureAwait(false);
        if (failed is null) await Task.WhenAll(Enumerable.Range(0, inFlight).Select(_ => TakeAsync(int.MaxValue))).ConfigureAwait(false);
        end.Token.ThrowIfCancellationRequested();
        return failed is null ? null : failed with { Answered = any };

        async Task TakeAsync(int most)
        {
            for (; most > 0; most--)
            {
                int request;
                try
                {
                    request = await _waiting.Reader.ReadAsync(taking.Token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is OperationCanceledException or ChannelClosedException)
                {
                    return;
                }
                try
                {
                    T answer = await ask(worker, request, end.Token).ConfigureAwait(false);
                    any = true;
                    Done(() =>
                    {
                        answered(request, answer);
                        _served.Add(worker);
                    }, end);
                }
                catch (EndpointException e)
                {
                    lock (_gate) failed ??= new Round(request, e, false);
                    Back(worker, request, e, end);
                    await taking.CancelAsync().ConfigureAwait(false);
                    return;
                }
                catch (OperationCanceledException) when (end.IsCancellationRequested)
                {
                    return;
                }
                catch (Exception e)
                {
                    Stop(e, end);
                    return;
                }
            }
        }
    }

    /// <summary>One request less.</summary>
    private void Done(Action tell, CancellationTokenSource end)
    {
        lock (_gate)
        {
            tell();
            if (--_left > 0) return;
        }
        _waiting.Writer.TryComplete();
        end.Cancel();
    }

    private void Back(TWorker worker, int request, EndpointException failure, CancellationTokenSource end)
    {
        bool often;
        lock (_gate)
        {
            int tries = _tries[request] = _tries.GetValueOrDefault(request) + 1;
            often = tries >= (givenUp is null ? MostTries : MostTriesOfDispensable);
            if (!failure.MayPass) (_refused.TryGetValue(request, out HashSet<TWorker>? by) ? by : _refused[request] = []).Add(worker);
        }
        string last = $"last at {worker.Url}: {failure.Message}";
        if (often && givenUp is not null) Done(() => givenUp(request, failure.Message), end);
        else if (often) Stop(new InputException($"request {request + 1} failed {MostTries} times, {last}"), end);
        else _waiting.Writer.TryWrite(request);
    }

    /// <summary>A worker that refuses a request and is proved all the same has the request to blame, and so has the next one.</summary>
    private void Blame(int request, EndpointException failure, CancellationTokenSource end)
    {
        HashSet<TWorker> by;
        lock (_gate)
        {
            by = _refused.GetValueOrDefault(request) ?? [];
            if (by.Count < Math.Min(2, _living)) return;
        }
        Stop(new InputException($"request {request + 1} is refused by {string.Join(" and ", by.Select(w => w.Url))}: {failure.Message}",
            fix: "The servers' context may be shorter than the model's."), end);
    }

    private void Lose(TWorker worker, string why)
    {
        say($"worker {worker.Url} is left out of this stage: {why}");
        lock (_gate)
        {
            _lost.Add($"{worker.Url}: {why}");
            if (--_living > 0) return;
        }
        _waiting.Writer.TryComplete();
    }

    private void Stop(Exception failure, CancellationTokenSource end)
    {
        lock (_gate) _failure ??= failure;
        end.Cancel();
    }

    /// <summary>How a round ended.</summary>
    /// <param name="Request">The first that failed.</param>
    /// <param name="Answered">Whether another one was answered.</param>
    private sealed record Round(int Request, EndpointException Failure, bool Answered);
}
