using System.Diagnostics;
using System.Net;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>The processes that train one model together, as one of them sees it; <see cref="Single"/> where there is one.</summary>
internal sealed class Ranks : IDisposable
{
    private static readonly TimeSpan s_meeting = TimeSpan.FromMinutes(5);

    private readonly RankLinks? _links;
    private readonly ICollective? _collective;
    private bool _left;

    private Ranks(RankLinks? links, ICollective? collective, int localRank) =>
        (_links, _collective, LocalRank) = (links, collective, localRank);

    public static Ranks Single { get; } = new(null, null, 0);

    /// <summary>One rank that does all with a collective which several would: what a machine with one GPU can show of it.</summary>
    public static Ranks OfOne(ICollective collective) => new(null, collective, 0);

    public int Rank => _links?.Rank ?? 0;

    public int Size => _links?.Size ?? 1;

    public int LocalRank { get; }

    /// <summary>Where tensors travel from and to.</summary>
    public Device Device => _collective?.Device ?? CPU;

    public bool Alone => _collective is null;

    /// <summary>Whether this one decides, reads and writes files.</summary>
    public bool Leads => Rank == 0;

    /// <summary>By rank.</summary>
    public IReadOnlyList<string> Hosts => _links?.Hosts ?? [Environment.MachineName];

    /// <summary>For the person who watches.</summary>
    public string Description => $"{Size} ranks over {_collective?.Name} on {string.Join(", ", Hosts.GroupBy(h => h).Select(h =>
        h.Count() == 1 ? h.Key : $"{h.Key} ({h.Count()})"))}";

    /// <summary>Finds the others; returns when all have come and agree.</summary>
    /// <param name="place">Which rank this is; null for the only one.</param>
    /// <param name="choose">The collective; asked for where there are ranks.</param>
    /// <param name="claims">What must be the same on all ranks, by name.</param>
    /// <param name="lastWord">Ends the process with a message: a rank was lost and the computing thread did not end.</param>
    /// <param name="around">Put around the collective by who measures it.</param>
    /// <exception cref="InputException">Ranks are missing, or differ; or there is no such engine here.</exception>
    /// <exception cref="RankLostException">A rank was lost before all were connected.</exception>
    public static Ranks Join(RankPlace? place, Func<CollectiveChoice> choose, IReadOnlyDictionary<string, string> claims,
        Action<string> lastWord, TimeSpan? patience = null, Func<ICollective, ICollective>? around = null)
    {
        if (place is null) return Single;
        // Its notes on sockets are for those who write it.
        if (OperatingSystem.IsLinux()) NativeVariable.SetDefault("TORCH_CPP_LOG_LEVEL", "ERROR");
        LibTorch.Load();
        CollectiveChoice choice = choose();
        var own = new RankHello(RankHello.OurMagic, place.Rank, place.Size, Environment.MachineName,
            new Dictionary<string, string>(claims) { ["engine"] = choice.Name });
        RankLinks links = Meet(place, choice.Meeting, own, patience ?? s_meeting, lastWord);
        try
        {
            ICollective collective = choice.Create(links);
            return new Ranks(links, around?.Invoke(collective) ?? collective, place.LocalRank);
        }
        catch (Exception e)
        {
            links.Fail(e);
            links.Dispose();
            throw;
        }
    }

    /// <summary>Whether a tensor can travel as it lies.</summary>
    public bool Carries(Tensor tensor) => tensor.device_type == Device.type && tensor.is_contiguous()
        && (Device.type == TorchSharp.DeviceType.CPU || tensor.device_index == Device.index);

    /// <summary>Waits for work of the collective.</summary>
    /// <exception cref="RankLostException">A rank was lost.</exception>
    public void Wait(Func<bool> done)
    {
        var spin = new SpinWait();
        try
        {
            while (!done())
            {
                _links?.ThrowIfLost();
                // No library tells when it is done, and MPI gets on while it is asked. Before long it sleeps for a millisecond
                // between two looks: the transport's threads need the core.
                spin.SpinOnce(sleep1Threshold: 20);
            }
        }
        catch (IOException e)
        {
            throw _links?.Blame(e) ?? e;
        }
    }

    /// <summary>Begins to add up fp32 numbers over all ranks in place, where they can travel as they lie.</summary>
    public Func<bool> AllReduce(Tensor tensor) => Begun(() => _collective!.AllReduce(tensor));

    /// <summary>Gives every rank the tensor of one, in place, from and to any device.</summary>
    public void Broadcast(Tensor tensor, int root)
    {
        if (Alone || tensor.numel() == 0) return;
        using var scope = NewDisposeScope();
        using var off = no_grad();
        bool direct = Carries(tensor);
        Tensor carried = direct ? tensor : tensor.to(Device).contiguous();
        Wait(Begun(() => _collective!.Broadcast(carried, root)));
        if (!direct && Rank != root) tensor.copy_(carried);
    }

    /// <summary>The same for many tensors, which travel together where they can as they lie.</summary>
    public void Broadcast(IEnumerable<(Tensor Tensor, int Root)> tensors)
    {
        var begun = new List<Func<bool>>();
        foreach ((Tensor tensor, int root) in tensors)
        {
            if (Carries(tensor)) begun.Add(Begun(() => _collective!.Broadcast(tensor, root)));
            else Broadcast(tensor, root);
        }
        begun.ForEach(Wait);
    }

    /// <summary>What every rank gives, by rank; empty on all but rank 0.</summary>
    public byte[][] Gather(byte[] own) => _links?.Gather(own) ?? [own];

    /// <summary>What rank 0 gives; null where it has said that all is done.</summary>
    public byte[]? FromLeader(byte[]? own) => _links is null ? own : _links.FromLeader(own);

    /// <summary>Whether rank 0 says so.</summary>
    public bool Agree(bool own) => Alone ? own : FromLeader(Leads ? [own ? (byte)1 : (byte)0] : null) is [1];

    /// <summary>Tells the others that this rank ends because of an error. False, so that it can stand in a filter of exceptions.</summary>
    public bool Tell(Exception error)
    {
        _links?.Fail(error);
        return false;
    }

    /// <summary>All that the ranks do together is done.</summary>
    public void Leave()
    {
        _links?.Leave();
        _collective?.Dispose();
        _left = true;
    }

    public void Dispose()
    {
        if (!_left) _collective?.Abort();
        _links?.Dispose();
    }

    /// <summary>
    /// What cannot begin fails when it is waited for: an exception in the middle of a backward pass, which begins work, ends the process.
    /// </summary>
    private static Func<bool> Begun(Func<Func<bool>> begin)
    {
        try
        {
            return begin();
        }
        catch (IOException e)
        {
            return () => throw e;
        }
    }

    private static RankLinks Meet(RankPlace place, MpiLibrary? library, RankHello own, TimeSpan patience, Action<string> lastWord)
    {
        (string? address, int port) = (place.Address, place.Port);
        if (address is null || port == 0)
        {
            if (library is null)
                throw new InputException("the launcher does not say where rank 0 is", "environment",
                    $"Set {RankPlace.AddressName} and {RankPlace.PortName} on all ranks.");
            return MeetByMpi(library, own, patience, lastWord);
        }
        if (place.Rank > 0) return RankLinks.Follow(address, port, own, patience, lastWord);
        using System.Net.Sockets.TcpListener listener = RankMeeting.Listen(address, port);
        return RankLinks.Lead(listener, own, patience, lastWord);
    }

    /// <summary>MPI knows the way already: rank 0 tells by it where it listens.</summary>
    private static unsafe RankLinks MeetByMpi(MpiLibrary library, RankHello own, TimeSpan patience, Action<string> lastWord)
    {
        const int Bytes = 512;
        byte* text = stackalloc byte[Bytes];
        using System.Net.Sockets.TcpListener? listener = own.Rank == 0 ? RankMeeting.Listen(null, 0) : null;
        if (listener is not null)
            System.Text.Encoding.UTF8.GetBytes($"{Environment.MachineName} {((IPEndPoint)listener.LocalEndpoint).Port}\0",
                new Span<byte>(text, Bytes));
        nint request = library.Broadcast(text, Bytes, 0);
        long begun = Stopwatch.GetTimestamp();
        while (!library.Test(request))
        {
            if (Stopwatch.GetElapsedTime(begun) > patience)
                throw new InputException($"MPI did not connect rank {own.Rank} on {own.Host} to rank 0 in {patience.TotalSeconds:F0} s");
            Thread.Sleep(1); // MPI tells of nothing by itself, and gets on while it is asked
        }
        if (listener is not null) return RankLinks.Lead(listener, own, patience, lastWord);
        string[] where = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)text)!.Split(' ');
        return RankLinks.Follow(where[0], int.Parse(where[1], System.Globalization.CultureInfo.InvariantCulture), own, patience, lastWord);
    }
}
