using Hone.Text;

namespace Hone.Server;

/// <summary>Two answers that wait for a vote.</summary>
internal sealed record Battle(string Left, string Right, IReadOnlyList<ChatMessage> Prompt, string LeftAnswer, string RightAnswer);

/// <summary>
/// Where served models meet: which two and on which side is drawn by chance, and told after the vote only. What is voted on are the
/// answers as they were sampled here, not what a client sends.
/// </summary>
internal sealed class ArenaHall(VoteFile votes)
{
    /// <summary>Battles without a vote, of which the oldest give way.</summary>
    private const int MostWaiting = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Battle> _waiting = [];
    private readonly Queue<string> _order = [];
    private (int Votes, Task<VoteTable> Made) _table = (-1, null!);

    public VoteFile Votes => votes;

    /// <summary>What the votes say, made anew when there are more of them: its intervals take long.</summary>
    public Task<VoteTable> TableAsync()
    {
        IReadOnlyList<Vote> all = votes.Votes;
        lock (_lock)
        {
            if (_table.Votes != all.Count) _table = (all.Count, Task.Run(() => VoteTable.Of(all)));
            return _table.Made;
        }
    }

    /// <summary>Those that may be drawn.</summary>
    public static IReadOnlyList<ServedModel> Candidates(ServedModels models) =>
        [.. models.All.Where(m => !m.IsReward && m.Chat is not null)];

    /// <exception cref="ApiException">There are not two of them.</exception>
    public static (ServedModel Left, ServedModel Right) Draw(ServedModels models)
    {
        ServedModel[] all = [.. Candidates(models)];
        if (all.Length < 2)
            throw ApiException.Invalid("the arena needs two language models with chat templates", code: "too_few_models");
        Random.Shared.Shuffle(all);
        return (all[0], all[1]);
    }

    /// <summary>Keeps a battle until it is voted on.</summary>
    /// <returns>What the vote names it by.</returns>
    public string Keep(Battle battle)
    {
        string id = $"battle-{Guid.NewGuid():N}";
        lock (_lock)
        {
            _waiting[id] = battle;
            _order.Enqueue(id);
            while (_order.Count > MostWaiting) _waiting.Remove(_order.Dequeue());
        }
        return id;
    }

    /// <summary>Counts a vote, once per battle.</summary>
    /// <exception cref="ApiException">404: no such battle waits.</exception>
    public Battle Count(string id, string winner, DateTimeOffset now)
    {
        Battle? battle;
        lock (_lock) _waiting.Remove(id, out battle);
        if (battle is null)
            throw new ApiException(404, "no such battle waits for a vote: it has had one, or is too old", "battle", "battle_not_found");
        try
        {
            votes.Add(new Vote(now, battle.Left, battle.Right, winner, battle.Prompt, battle.LeftAnswer, battle.RightAnswer));
        }
        catch (InputException)
        {
            lock (_lock) _waiting[id] = battle; // it can be tried again
            throw;
        }
        return battle;
    }
}
