using System.Runtime.ExceptionServices;
using TorchSharp;

namespace Hone.Inference;

/// <summary>
/// Threads that stay, in each of which libtorch computes with one thread. For small models independent work in several of them
/// is much faster than several libtorch threads in one piece of work, which wait for each other at every operation.
/// </summary>
internal sealed class SingleThreads : IDisposable
{
    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _begin = new(0);
    private readonly CountdownEvent _left = new(1);
    private Action<int>? _work;
    private int _next;
    private Exception? _failure;

    public SingleThreads(int threads)
    {
        int torchThreads = torch.get_num_threads();
        using var ready = new CountdownEvent(threads);
        _threads = [.. Enumerable.Range(0, threads)
            .Select(_ => new Thread(() => Work(ready)) { IsBackground = true, Name = "hone-generate" })];
        foreach (Thread thread in _threads) thread.Start();
        ready.Wait();
        // Each thread set libtorch's default for threads to come; this thread's own setting was never changed.
        torch.set_num_threads(torchThreads);
    }

    /// <summary>
    /// Calls <paramref name="work"/> for every item, at most as many as there are threads, and returns when all have ended.
    /// After a failure the first one is thrown.
    /// </summary>
    public void ForEach<T>(IReadOnlyList<T> items, Action<T> work)
    {
        (_work, _next, _failure) = (i => work(items[i]), -1, null);
        _left.Reset(items.Count);
        _begin.Release(items.Count);
        _left.Wait();
        _work = null;
        if (_failure is not null) ExceptionDispatchInfo.Throw(_failure);
    }

    public void Dispose()
    {
        _work = null;
        _begin.Release(_threads.Length);
        foreach (Thread thread in _threads) thread.Join();
        _begin.Dispose();
        _left.Dispose();
    }

    private void Work(CountdownEvent ready)
    {
        torch.set_num_threads(1);
        ready.Signal();
        while (true)
        {
            _begin.Wait();
            if (_work is not { } work) return;
            try
            {
                work(Interlocked.Increment(ref _next));
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _failure, e, null);
            }
            _left.Signal();
        }
    }
}
