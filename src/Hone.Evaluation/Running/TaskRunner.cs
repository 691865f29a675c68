using System.Security.Cryptography;
using System.Text;

namespace Hone.Evaluation;

/// <summary>Asks a task's questions, keeps every reply as it arrives, and grades.</summary>
public static class TaskRunner
{
    private static readonly string s_none = Hash("");

    /// <summary>Asks what the store lacks, then grades every item whose replies are all there.</summary>
    /// <param name="predictOnly">True leaves the grading out: replies are stored only.</param>
    /// <param name="progress">Requests answered and requests in all.</param>
    public static async Task<TaskRun> RunAsync(
        EvalTask task, ILanguageModel model, ReplyStore store, bool predictOnly = false, Action<int, int>? progress = null,
        CancellationToken cancel = default)
    {
        string identity = model.Info.Identity;
        using IDisposable? alone = await store.AloneAsync(identity, task.Name, cancel).ConfigureAwait(false);
        var asks = new PendingRequests(task, store.Of(identity, task.Name));
        int stored = asks.Known, asked = asks.Missing;
        progress?.Invoke(asks.Known, asks.Total);

        ScoreRequest[] scores = [.. asks.MissingScores.Select(m => m.Request)];
        if (scores.Length > 0)
        {
            await foreach (Reply<Likelihood> reply in model.ScoreAsync(scores, cancel).ConfigureAwait(false))
            {
                (Slot slot, _) = asks.MissingScores[reply.Index];
                if (reply.Value.Error is null) store.Add(identity, slot.Key, ReplyJson.Of(reply.Value));
                asks.Likelihoods[slot.Item][slot.Request] = reply.Value;
                progress?.Invoke(++asks.Known, asks.Total);
            }
        }
        GenerateRequest[] generations = [.. asks.MissingGenerations.Select(m => m.Request)];
        if (generations.Length > 0)
        {
            await foreach (Reply<Answer> reply in model.GenerateAsync(generations, cancel).ConfigureAwait(false))
            {
                (Slot slot, _) = asks.MissingGenerations[reply.Index];
                if (reply.Value.Error is null) store.Add(identity, slot.Key, ReplyJson.Of(reply.Value));
                asks.Answers[slot.Item][slot.Request] = reply.Value;
                progress?.Invoke(++asks.Known, asks.Total);
            }
        }
        return new TaskRun(task, await Grade(task, asks, predictOnly, cancel).ConfigureAwait(false), asked, stored);
    }

    /// <summary>SHA-256 in lower-case hex.</summary>
    internal static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static async Task<IReadOnlyList<ItemRun>> Grade(EvalTask task, PendingRequests asks, bool predictOnly, CancellationToken cancel)
    {
        var runs = new ItemRun[task.Items.Count];
        List<int> complete = [];
        for (int i = 0; i < runs.Length; i++)
        {
            string? error = asks.Likelihoods[i].Select(l => l is null ? "no reply" : l.Error)
                .Concat(asks.Answers[i].Select(a => a is null ? "no reply" : a.Error)).FirstOrDefault(e => e is not null);
            runs[i] = error is null
                ? new ItemRun(task.Items[i], new ItemReplies(asks.Likelihoods[i]!, asks.Answers[i]!), null, null)
                : new ItemRun(task.Items[i], null, null, error);
            if (error is null) complete.Add(i);
        }
        if (predictOnly) return runs;
        IReadOnlyList<ItemGrade> grades = await task.Grade([.. complete.Select(i => (task.Items[i], runs[i].Replies!))], cancel)
            .ConfigureAwait(false);
        for (int g = 0; g < complete.Count; g++) runs[complete[g]] = runs[complete[g]] with { Grade = grades[g] };
        return runs;
    }

    private readonly record struct Slot(int Item, int Request, ReplyKey Key);

    /// <summary>The requests of a task, sorted into those the store knows and those to be asked.</summary>
    private sealed class PendingRequests
    {
        public readonly Likelihood?[][] Likelihoods;
        public readonly Answer?[][] Answers;
        public readonly List<(Slot Slot, ScoreRequest Request)> MissingScores = [];
        public readonly List<(Slot Slot, GenerateRequest Request)> MissingGenerations = [];

        public PendingRequests(EvalTask task, IReadOnlyDictionary<ReplyKey, string> known)
        {
            Likelihoods = [.. task.Items.Select(i => new Likelihood?[i.Scores.Count])];
            Answers = [.. task.Items.Select(i => new Answer?[i.Generations.Count])];
            for (int i = 0; i < task.Items.Count; i++)
            {
                EvalItem item = task.Items[i];
                for (int r = 0; r < item.Scores.Count; r++)
                {
                    var slot = new Slot(i, r, new ReplyKey(task.Name, item.Id, r, Hash(ReplyJson.Prompt(item.Scores[r])), s_none));
                    if (known.TryGetValue(slot.Key, out string? reply)) Likelihoods[i][r] = ReplyJson.Likelihood(reply);
                    else MissingScores.Add((slot, item.Scores[r]));
                }
                for (int r = 0; r < item.Generations.Count; r++)
                {
                    GenerateRequest request = item.Generations[r];
                    var slot = new Slot(i, r,
                        new ReplyKey(task.Name, item.Id, r, Hash(ReplyJson.Prompt(request)), Hash(ReplyJson.Settings(request.Options))));
                    if (known.TryGetValue(slot.Key, out string? reply)) Answers[i][r] = ReplyJson.Answer(reply);
                    else MissingGenerations.Add((slot, request));
                }
            }
            Missing = MissingScores.Count + MissingGenerations.Count;
            Total = task.Items.Sum(i => i.Scores.Count + i.Generations.Count);
            Known = Total - Missing;
        }

        public int Missing { get; }

        public int Total { get; }

        public int Known { get; set; }
    }
}
