using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Hone.Inference;

/// <summary>
/// Runs independent work on several threads, in each of which libtorch computes with one thread. For batches of small
/// models this is much faster than several libtorch threads in one batch, which wait for each other at every operation.
/// </summary>
internal static class SingleThreads
{
    /// <summary>
    /// Calls <paramref name="work"/> for every item; after a failure no more items are begun, and the first one is thrown.
    /// </summary>
    public static void ForEach<T>(IReadOnlyList<T> items, int threads, Action<T> work)
    {
        int torchThreads = torch.get_num_threads(), next = -1;
        Exception? failure = null;
        Thread[] workers = [.. Enumerable.Range(0, Math.Min(threads, items.Count))
            .Select(_ => new Thread(Work) { IsBackground = true, Name = "hone-generate" })];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        // Each worker set libtorch's default for threads to come; this thread's own setting was never changed.
        torch.set_num_threads(torchThreads);
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);

        void Work()
        {
            torch.set_num_threads(1);
            try
            {
                for (int i; Volatile.Read(ref failure) is null && (i = Interlocked.Increment(ref next)) < items.Count;) work(items[i]);
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
        }
    }
}
