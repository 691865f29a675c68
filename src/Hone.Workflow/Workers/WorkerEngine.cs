using System.Text.Json;
using Hone.Evaluation;
using Hone.Inference;

namespace Hone.Workflow.Workers;

/// <summary>
/// An engine whose answers come from workers. Before and after each submission every worker shows by its fingerprint that it answers
/// with the policy's weights; each answer is kept in a file as it comes, so that nothing is asked twice.
/// </summary>
internal sealed class WorkerEngine(WorkerFleet fleet, PretrainedModel policy, WorkerTarget target, string kept) : IGenerationEngine
{
    private const string Kind = "samples";
    private static readonly TimeSpan s_longestProof = TimeSpan.FromMinutes(2);
    private readonly Fingerprint _fingerprint = new(policy, fleet.Options.Tolerance);

    /// <inheritdoc/>
    public GenerationStream Submit(IReadOnlyList<GenerationRequest> requests, CancellationToken cancel = default)
    {
        int[] limits = [.. requests.Select(Limit)];
        Task<IReadOnlyList<Completion>> answers = Task.Run(() => AnswerAsync(requests, limits, cancel), CancellationToken.None);
        return new GenerationStream(TokensAsync(answers), answers);
    }

    private async Task<IReadOnlyList<Completion>> AnswerAsync(
        IReadOnlyList<GenerationRequest> requests, int[] limits, CancellationToken cancel)
    {
        ReplyKey[] keys = [.. requests.Select((r, i) => Key(r, limits[i]))];
        var answers = new Completion[]?[requests.Count];
        using (ReplyStore store = ReplyStore.Open(kept))
        {
            IReadOnlyDictionary<ReplyKey, string> known = store.Of(target.Version, Kind);
            for (int i = 0; i < answers.Length; i++)
                if (known.TryGetValue(keys[i], out string? reply)) answers[i] = Read(reply, i);
            int[] missing = [.. Enumerable.Range(0, answers.Length).Where(i => answers[i] is null)];
            if (missing.Length < answers.Length) fleet.Say($"{answers.Length - missing.Length} prompts were answered before");
            if (missing.Length > 0) await AskAsync(missing).ConfigureAwait(false);

            async Task AskAsync(int[] asked)
            {
                SamplingOptions[] settings =
                    [.. asked.Select(i => requests[i].Options with { Seed = 0, MaxNewTokens = null }).Distinct()];
                Task Prove(Worker worker, CancellationToken token) => ProveAsync(worker, settings, token);
                var dispatch = new Dispatch<Worker, Completion[]>(fleet.Serving(w => w.Language is not null), fleet.Options.Requests,
                    (worker, i, token) => worker.AskAsync(
                        i, requests[i], limits[i], policy.Stops.Ids, policy.Model.Config.VocabularySize, token),
                    Prove, (i, given) =>
                    {
                        answers[i] = given;
                        store.Add(target.Version, keys[i], JsonSerializer.Serialize(given));
                    }, fleet.Say, fleet.Clock, fleet.Wait);
                await dispatch.RunAsync(asked, cancel).ConfigureAwait(false);
                foreach (Worker worker in dispatch.Served) await StillAsync(worker, cancel).ConfigureAwait(false);
            }
        }
        return [.. answers.SelectMany(a => a!)];
    }

    private async Task ProveAsync(Worker worker, IReadOnlyList<SamplingOptions> settings, CancellationToken cancel)
    {
        if (!worker.IsConnected) await worker.ConnectAsync(cancel).ConfigureAwait(false);
        if (worker.Language is not { } model) throw new EndpointException(404, "it serves no language model");
        bool isNew = model.Version != target.Version;
        await fleet.Refresh.BringAsync(worker, model, target, cancel).ConfigureAwait(false);
        double distance = await _fingerprint.CheckAsync(worker, settings, cancel).ConfigureAwait(false);
        if (isNew) fleet.Say(FormattableString.Invariant($"worker {worker.Url}: {distance:G2} nats per token from {policy.Path}"));
    }

    /// <summary>Whether a worker that has answered holds the weights that it held before. One that is gone has none to change.</summary>
    private async Task StillAsync(Worker worker, CancellationToken cancel)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        time.CancelAfter(s_longestProof);
        try
        {
            if (worker.IsConnected) await _fingerprint.CheckAsync(worker, [], time.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is EndpointException { Status: not 200 }
            || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            worker.Forget();
        }
        catch (Exception e) when (e is InputException or EndpointException)
        {
            // Which answers are of other weights is not known.
            File.Delete(kept);
            throw new InputException($"the weights of {worker.Url} have changed while it answered: {e.Message}",
                fix: "Nothing of this part is counted. Find out who changes them, and go on with the run.");
        }
    }

    /// <summary>The longest answer: what is asked for, within the model's context.</summary>
    private int Limit(GenerationRequest request)
    {
        SamplingOptions o = request.Options;
        if (o.ChangesLogits || o.StopStrings.Count > 0 || o.MinP > 0 || o.TypicalP < 1 || o.Constraint is not null || o.Beams > 1)
            throw new InputException("workers sample with temperature, top_p and top_k only, and answers in no format (--schema, --regex)",
                fix: "Sample in this process: leave the workers out.");
        int room = policy.Model.Config.MaxPositions - request.PromptIds.Length;
        return room > 0 ? Math.Min(o.NewTokenLimit(request.PromptIds.Length), room) : throw new InputException(
            $"the prompt has {request.PromptIds.Length} tokens; the model's limit is {policy.Model.Config.MaxPositions}, answer included");
    }

    private static ReplyKey Key(GenerationRequest request, int limit)
    {
        SamplingOptions o = request.Options;
        return new ReplyKey(Kind, $"{o.Seed}", 0, TaskRunner.Hash(string.Join(' ', request.PromptIds)), TaskRunner.Hash(
            FormattableString.Invariant($"{request.Count} {o.DoSample} {o.Temperature} {o.TopP} {o.TopK} {limit}")));
    }

    private static Completion[] Read(string reply, int request) =>
        [.. JsonSerializer.Deserialize<Completion[]>(reply)!.Select(a => a with { RequestIndex = request })];

    private static async IAsyncEnumerable<GeneratedToken> TokensAsync(Task<IReadOnlyList<Completion>> answers)
    {
        foreach (Completion answer in await answers.ConfigureAwait(false))
            for (int t = 0; t < answer.Ids.Length; t++)
                yield return new GeneratedToken(answer.RequestIndex, answer.AnswerIndex, t, answer.Ids[t], answer.LogProbs[t])
                {
                    Answer = t == answer.Ids.Length - 1 ? answer : null,
                };
    }
}
