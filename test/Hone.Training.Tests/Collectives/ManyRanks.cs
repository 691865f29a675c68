using static TorchSharp.torch;

namespace Hone.Training.Tests;

/// <summary>Several ranks in one process, a thread each, over real sockets and the real Gloo, or another collective.</summary>
internal static class ManyRanks
{
    public static Dictionary<string, string> Claims { get; } = new() { ["hone"] = "this one" };

    /// <summary>What each rank's work returned, or threw, by rank.</summary>
    /// <param name="choose">The collective of each rank; Gloo where nothing is said.</param>
    public static (T? Result, Exception? Error)[] Try<T>(int size, Func<Ranks, T> work, Func<int, CollectiveChoice>? choose = null)
    {
        int port = RankMeeting.FreePort();
        var results = new (T?, Exception?)[size];
        Thread[] threads = [.. Enumerable.Range(0, size).Select(rank => new Thread(() =>
        {
            try
            {
                set_num_threads(1);
                using Ranks ranks = Ranks.Join(size == 1 ? null : new RankPlace(rank, size, rank, "127.0.0.1", port, false),
                    () => choose?.Invoke(rank) ?? CollectiveChoice.Gloo, Claims, _ => { }, TimeSpan.FromSeconds(20));
                try
                {
                    results[rank] = (work(ranks), null);
                    ranks.Leave();
                }
                catch (Exception e) when (ranks.Tell(e))
                {
                    throw;
                }
            }
            catch (Exception e)
            {
                results[rank] = (default, e);
            }
        }))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        return results;
    }

    public static T[] Run<T>(int size, Func<Ranks, T> work, Func<int, CollectiveChoice>? choose = null) =>
        [.. Try(size, work, choose).Select(r =>
        r.Error is null ? r.Result! : throw new InvalidOperationException(r.Error.Message, r.Error))];
}
