using System.Globalization;
using System.Net;
using System.Net.Sockets;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>PyTorch's own collectives over TCP, from inside libtorch.</summary>
internal sealed class GlooCollective : ICollective
{
    // The links see lost ranks long before; a rank may well be late for hours, while rank 0 does what is no training.
    private static readonly TimeSpan s_timeout = TimeSpan.FromDays(30), s_meeting = TimeSpan.FromMinutes(2);

    private readonly nint _group;

    private GlooCollective(nint group) => _group = group;

    public string Name => "gloo";

    public Device Device => CPU;

    /// <summary>Called by every rank of the links at the same time.</summary>
    /// <exception cref="InputException">This libtorch cannot be driven.</exception>
    /// <exception cref="RankLostException">A rank went away.</exception>
    public static GlooCollective Create(RankLinks links)
    {
        GlooLibrary.Load();
        // Gloo binds to what the host's name resolves to, which on many hosts is loopback.
        if (links.Interface is { } name) NativeVariable.SetDefault("GLOO_SOCKET_IFNAME", name);
        int port = links.Rank == 0 ? RankMeeting.FreePort() : 0;
        nint store = links.Rank == 0 ? GlooLibrary.Store($"{links.LeaderAddress}", port, links.Size, serves: true, s_meeting) : 0;
        port = int.Parse(links.FromLeader(links.Rank == 0 ? $"{port}" : null), CultureInfo.InvariantCulture);
        if (links.Rank > 0)
        {
            Probe(links.LeaderAddress, port);
            store = GlooLibrary.Store($"{links.LeaderAddress}", port, links.Size, serves: false, s_meeting);
        }
        // All are about to join: whoever was lost until here is named by the links.
        links.Barrier();
        using var quiet = new QuietOutput();
        return new GlooCollective(GlooLibrary.Group(store, links.Rank, links.Size, s_timeout));
    }

    public Func<bool> AllReduce(Tensor tensor) => Done(GlooLibrary.AllReduce(_group, tensor));

    public Func<bool> Broadcast(Tensor tensor, int root) => Done(GlooLibrary.Broadcast(_group, tensor, root));

    /// <summary>Its threads end with the process.</summary>
    public void Dispose()
    {
    }

    public void Abort() => Dispose();

    private static Func<bool> Done(nint work)
    {
        bool released = false;
        return () =>
        {
            if (released) return true;
            if (!GlooLibrary.IsCompleted(work)) return false;
            bool success = GlooLibrary.IsSuccess(work);
            GlooLibrary.Release(work);
            released = true;
            return success ? true : throw new IOException("gloo: the connection to another rank was lost");
        };
    }

    /// <summary>A store whose server is not there would try for minutes and then end the process.</summary>
    private static void Probe(IPAddress address, int port)
    {
        try
        {
            using Socket probe = RankMeeting.Connect($"{address}", port, TimeSpan.FromSeconds(20));
        }
        catch (SocketException e)
        {
            throw new RankLostException(e.SocketErrorCode == SocketError.TimedOut
                ? $"rank 0 does not answer at {address}:{port}: a firewall may be in the way."
                : $"rank 0 cannot be reached at {address}:{port}: {e.Message}");
        }
    }
}
