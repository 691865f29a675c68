namespace Hone.Inference.Engines.Cpu;

/// <summary>Items <paramref name="begin"/> to <paramref name="end"/> - 1 of a job, on the worker of that number.</summary>
internal delegate void Work(int begin, int end, int worker);

/// <summary>
/// Threads that wait for the next job: spinning at first, as a pass has hundreds of jobs of microseconds, then yielding to others,
/// asleep after about a millisecond. The caller works too, and what a thread has not begun others take, so that a thread that the
/// system does not run holds nobody up. One job at a time; running one allocates nothing.
/// </summary>
internal sealed class WorkerPool : IDisposable
{
    private const int Spins = 1500, Yields = 400;
    // A job is cut into this many pieces per thread, so that a slower thread does less.
    private const int PiecesPerThread = 4;

    private readonly SemaphoreSlim _wake = new(0);
    private readonly Thread[] _threads;
    // Number of the job in the upper half, pieces that nobody has taken yet in the lower one.
    private long _ticket;
    private int _asleep, _done, _pieces, _piece, _count;
    private Work? _work;
    private Exception? _failure;
    private bool _disposed;

    /// <param name="count">Threads that work, the caller's among them.</param>
    public WorkerPool(int count)
    {
        Count = count;
        _threads = [.. Enumerable.Range(1, count - 1).Select(worker =>
            new Thread(() => Serve(worker)) { IsBackground = true, Name = $"hone-cpu-{worker}" })];
        foreach (Thread thread in _threads) thread.UnsafeStart();
    }

    public int Count { get; }

    /// <summary>Returns when all items are done. A failure of one is thrown here.</summary>
    public void Run(int count, Work work)
    {
        if (count <= 0) return;
        if (Count == 1 || count == 1)
        {
            work(0, count, 0);
            return;
        }
        (_work, _count, _done) = (work, count, 0);
        _piece = Math.Max(1, count / (Count * PiecesPerThread));
        _pieces = (count + _piece - 1) / _piece;
        Interlocked.Exchange(ref _ticket, (((_ticket >> 32) + 1) << 32) | (uint)_pieces);
        if (Volatile.Read(ref _asleep) > 0) Wake();
        while (TakePiece(worker: 0))
        {
        }
        for (int turn = 0; Volatile.Read(ref _done) < _pieces; turn++) Pause(turn);
        if (Interlocked.Exchange(ref _failure, null) is { } failure)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true)) return;
        Wake();
        foreach (Thread thread in _threads) thread.Join();
        _wake.Dispose();
    }

    private bool TakePiece(int worker)
    {
        long ticket = Volatile.Read(ref _ticket);
        int left = (int)ticket;
        if (left == 0 || Interlocked.CompareExchange(ref _ticket, ticket - 1, ticket) != ticket) return left != 0;
        // The job cannot end before this piece is done: its fields are the ticket's.
        int begin = (_pieces - left) * _piece;
        try
        {
            _work!(begin, Math.Min(begin + _piece, _count), worker);
        }
        catch (Exception e)
        {
            _failure = e;
        }
        Interlocked.Increment(ref _done);
        return true;
    }

    private void Serve(int worker)
    {
        int turn = 0;
        while (!Volatile.Read(ref _disposed))
        {
            if (TakePiece(worker)) turn = 0;
            else if (turn++ < Spins + Yields) Pause(turn);
            else
            {
                Interlocked.Increment(ref _asleep);
                // Whoever has posted a job before reading the number of sleepers is seen here.
                if ((int)Volatile.Read(ref _ticket) == 0 && !Volatile.Read(ref _disposed)) _wake.Wait();
                else LeaveSleep();
                turn = 0;
            }
        }
    }

    private static void Pause(int turn)
    {
        if (turn < Spins) Thread.SpinWait(1);
        else Thread.Yield();
    }

    private void Wake()
    {
        if (Interlocked.Exchange(ref _asleep, 0) is > 0 and var sleepers) _wake.Release(sleepers);
    }

    /// <summary>Not asleep after all. If somebody has woken it already, that must not wake it the next time.</summary>
    private void LeaveSleep()
    {
        int asleep;
        while ((asleep = Volatile.Read(ref _asleep)) > 0)
        {
            if (Interlocked.CompareExchange(ref _asleep, asleep - 1, asleep) == asleep) return;
        }
        _wake.Wait();
    }
}
