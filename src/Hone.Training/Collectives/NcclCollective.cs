using System.Collections.Concurrent;
using System.Diagnostics;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>
/// Sums and copies between GPUs by NCCL. A thread of its own makes all of NCCL's calls, as only one may at a time; the callers of this
/// class look at events.
/// </summary>
/// <remarks>
/// Order on the GPU: libtorch computes on its default stream, NCCL works on another, which begins when the default stream has passed what
/// it had been given at the time of the call: the tensor is written then, and later passes are not waited for. The caller learns of the
/// end by looking, and then gives libtorch more to do; so nothing on the default stream ever waits for another rank, and a lost one
/// leaves libtorch's calls free to return.
/// </remarks>
internal sealed class NcclCollective : ICollective
{
    private static readonly TimeSpan s_connect = TimeSpan.FromMinutes(2), s_end = TimeSpan.FromSeconds(5),
        s_look = TimeSpan.FromMilliseconds(100), s_progress = TimeSpan.FromMilliseconds(1);

    private readonly NcclLibrary _nccl;
    private readonly CudaRuntime _cuda;
    private readonly int _gpu;
    private readonly Action _throwIfLost;
    private readonly BlockingCollection<Action<nint, nint>> _calls = [];
    private readonly Thread _thread;
    private volatile IOException? _failure;
    private volatile bool _connected, _aborted;

    private NcclCollective(NcclLibrary nccl, byte[] id, int rank, int size, int gpu, Device device, Action throwIfLost)
    {
        (_nccl, _cuda, _gpu, Device, _throwIfLost) = (nccl, nccl.Cuda, gpu, device, throwIfLost);
        _thread = new Thread(() => Serve(id, rank, size)) { IsBackground = true, Name = "nccl" };
        _thread.Start();
    }

    public string Name => "nccl";

    public Device Device { get; }

    /// <summary>Called by every rank of the links at the same time.</summary>
    /// <param name="gpu">Which of this process's GPUs is this rank's.</param>
    /// <param name="device">The same, as libtorch calls it.</param>
    /// <exception cref="InputException">Two ranks have one GPU, or NCCL does not connect them.</exception>
    /// <exception cref="RankLostException">A rank went away, or NCCL failed.</exception>
    public static NcclCollective Create(RankLinks links, NcclLibrary nccl, int gpu, Device device)
    {
        if (links.Interface is { } name) NativeVariable.SetDefault("NCCL_SOCKET_IFNAME", $"={name}");
        try
        {
            byte[][] places = links.Gather(System.Text.Encoding.UTF8.GetBytes($"{HostId()} {nccl.Cuda.BusId(gpu)}"));
            string refusal = links.FromLeader(links.Rank > 0 ? null : Shared(links, places) ?? "");
            if (refusal.Length > 0)
                throw new InputException(refusal, fix: "Start one rank for each GPU (LOCAL_RANK says which), or take ranks.engine: gloo.");
            byte[] id = links.FromLeader(links.Rank == 0 ? nccl.NewId() : null)!;
            return Connected(new NcclCollective(nccl, id, links.Rank, links.Size, gpu, device, links.ThrowIfLost));
        }
        catch (IOException e)
        {
            throw links.Blame(e);
        }
    }

    /// <summary>One rank alone, which tries the library out on a machine with one GPU.</summary>
    /// <exception cref="IOException">NCCL failed.</exception>
    public static NcclCollective Alone(NcclLibrary nccl, int gpu, Device device) =>
        Connected(new NcclCollective(nccl, nccl.NewId(), 0, 1, gpu, device, () => { }));

    public Func<bool> AllReduce(Tensor tensor)
    {
        (nint at, long count) = (TensorMemory.DeviceAddress(tensor), tensor.numel());
        return Begin(tensor, (communicator, stream) => _nccl.AllReduce(at, count, communicator, stream));
    }

    public Func<bool> Broadcast(Tensor tensor, int root)
    {
        (nint at, long bytes) = (TensorMemory.DeviceAddress(tensor), tensor.numel() * tensor.ElementSize);
        return Begin(tensor, (communicator, stream) => _nccl.Broadcast(at, bytes, root, communicator, stream));
    }

    public void Dispose() => End();

    public void Abort()
    {
        _aborted = true;
        End();
    }

    private static NcclCollective Connected(NcclCollective made)
    {
        long begun = Stopwatch.GetTimestamp();
        try
        {
            while (!made._connected)
            {
                made.ThrowIfFailed();
                if (Stopwatch.GetElapsedTime(begun) > s_connect)
                    throw new InputException($"NCCL did not connect the ranks in {s_connect.TotalSeconds:F0} s",
                        fix: "NCCL_DEBUG=INFO in the environment says how far it came. A firewall may be in the way, or the wrong network "
                            + "(NCCL_SOCKET_IFNAME); ranks.engine: gloo does without it.");
                Thread.Sleep(s_progress); // nothing tells when NCCL has come further
            }
            return made;
        }
        catch
        {
            made.Abort();
            throw;
        }
    }

    /// <summary>The ranks that would share a GPU, which NCCL cannot do and may hang of; null where none would.</summary>
    private static string? Shared(RankLinks links, byte[][] places) => places.Index()
        .GroupBy(p => System.Text.Encoding.UTF8.GetString(p.Item))
        .Where(g => g.Count() > 1)
        .Select(g => $"{string.Join(" and ", g.Select(p => $"rank {p.Index}"))} on {links.Hosts[g.First().Index]} have one GPU between "
            + $"them, {g.Key.Split(' ')[1]}")
        .FirstOrDefault();

    /// <summary>Two containers of a host may have different names, and two hosts the same: the kernel's own number tells.</summary>
    private static string HostId()
    {
        const string Boot = "/proc/sys/kernel/random/boot_id";
        return File.Exists(Boot) ? File.ReadAllText(Boot).Trim() : Environment.MachineName;
    }

    private Func<bool> Begin(Tensor tensor, Action<nint, nint> call)
    {
        _cuda.Use(_gpu); // the default stream is that of the calling thread's device
        nint written = _cuda.Record(CudaRuntime.DefaultStream);
        nint done = 0;
        bool finished = false;
        _calls.Add((communicator, stream) =>
        {
            _cuda.Follow(stream, written);
            call(communicator, stream);
            Settle(communicator); // until then it may not be on the stream
            Volatile.Write(ref done, _cuda.Record(stream));
        });
        return () =>
        {
            if (finished) return true;
            // An abort passes the event, too; the failure is known before.
            bool passed = Volatile.Read(ref done) is not 0 and var made && _cuda.Passed(made);
            ThrowIfFailed();
            if (!passed) return false;
            _cuda.Free(written);
            _cuda.Free(done);
            GC.KeepAlive(tensor);
            return finished = true;
        };
    }

    /// <summary>The thread's work: all calls with the communicator, from the first to the last.</summary>
    private void Serve(byte[] id, int rank, int size)
    {
        nint communicator = 0;
        try
        {
            _cuda.Use(_gpu);
            nint stream = _cuda.NewStream();
            communicator = _nccl.Connect(id, rank, size);
            Settle(communicator);
            _connected = true;
            while (!_calls.IsCompleted && !_aborted)
            {
                if (_calls.TryTake(out Action<nint, nint>? call, s_look)) call(communicator, stream);
                Settle(communicator); // where a connection broke it is known here
            }
        }
        catch (Exception e) when (e is IOException or RankLostException or OperationCanceledException)
        {
            // The computing thread may be held up in libtorch by what waits on the GPU for a lost rank: it is freed from here.
            _failure = e as IOException ?? new IOException(e.Message, e);
            _aborted = true;
        }
        if (communicator == 0) return;
        if (_aborted) _nccl.Abort(communicator);
        else _nccl.Destroy(communicator);
    }

    private void Settle(nint communicator)
    {
        while (!_nccl.Settled(communicator))
        {
            if (_aborted) throw new IOException("NCCL: given up");
            _throwIfLost();
            Thread.Sleep(s_progress); // only the question brings NCCL on, and nothing tells when to ask again
        }
        _throwIfLost();
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure) throw new IOException(failure.Message, failure);
    }

    /// <summary>A GPU that does not answer must not keep the process from ending.</summary>
    private void End()
    {
        if (_calls.IsAddingCompleted) return;
        _calls.CompleteAdding();
        _thread.Join(s_end);
    }
}
