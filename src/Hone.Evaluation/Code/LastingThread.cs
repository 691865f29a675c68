using System.Collections.Concurrent;

namespace Hone.Evaluation;

/// <summary>
/// One thread that lasts as long as the program. What bubblewrap starts with <c>--die-with-parent</c> ends with the thread
/// that started it, not with the process (prctl(2), PR_SET_PDEATHSIG), and a thread of the pool may end at any time.
/// </summary>
internal static class LastingThread
{
    private static readonly BlockingCollection<Action> s_work = [];

    static LastingThread() => new Thread(() =>
    {
        foreach (Action work in s_work.GetConsumingEnumerable()) work();
    })
    { IsBackground = true, Name = "sandbox starter" }.Start();

    /// <summary>Runs something there and waits for it.</summary>
    public static T Run<T>(Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        s_work.Add(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }
}
