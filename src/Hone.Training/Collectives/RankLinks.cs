using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hone.Training;

/// <summary>
/// The ranks' own connections, a star around rank 0: small messages, a sign of life every second, and who was lost. They are apart
/// from the collective, so that a rank that hangs in one is still heard of, and a rank that is gone is known by name.
/// </summary>
internal sealed class RankLinks : IDisposable
{
    /// <summary>After which a rank that says nothing is taken for lost.</summary>
    public static readonly TimeSpan MostSilence = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(1), s_poll = TimeSpan.FromMilliseconds(50),
        s_blame = TimeSpan.FromSeconds(3), s_lastChance = TimeSpan.FromSeconds(3), s_leave = TimeSpan.FromSeconds(5);

    private readonly RankLink[] _links;
    private readonly Action<string> _lastWord;
    private readonly ManualResetEventSlim _closing = new(false);
    private readonly TaskCompletionSource<Exception> _lost = new();

    /// <param name="links">On rank 0 to all others by rank, elsewhere to rank 0.</param>
    /// <param name="lastWord">
    /// Ends the process with a message where the computing thread does not by itself, some seconds after a rank was lost.
    /// </param>
    private RankLinks(int rank, RankLink[] links, string[] hosts, IPAddress local, IPAddress leader, Action<string> lastWord)
    {
        (Rank, _links, Hosts, LocalAddress, LeaderAddress, _lastWord) = (rank, links, hosts, local, leader, lastWord);
        foreach (RankLink link in links) link.Listen(Gone, Told);
        new Thread(Beat) { IsBackground = true, Name = "signs of life" }.Start();
    }

    public int Rank { get; }

    public int Size => Hosts.Count;

    /// <summary>By rank.</summary>
    public IReadOnlyList<string> Hosts { get; }

    /// <summary>By which this rank reaches the others.</summary>
    public IPAddress LocalAddress { get; }

    /// <summary>The network interface of that address, for a library that would guess; null where none has it.</summary>
    public string? Interface => System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
        .FirstOrDefault(i => i.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(LocalAddress)))?.Name;

    /// <summary>Rank 0, as this rank reaches it.</summary>
    public IPAddress LeaderAddress { get; }

    /// <inheritdoc cref="RankMeeting.Lead"/>
    public static RankLinks Lead(TcpListener listener, RankHello own, TimeSpan patience, Action<string> lastWord)
    {
        (RankLink[] links, string[] hosts) = RankMeeting.Lead(listener, own, patience);
        IPAddress bound = ((IPEndPoint)listener.LocalEndpoint).Address;
        if (bound.Equals(IPAddress.Any)) bound = links[0].LocalAddress;
        return new RankLinks(0, links, hosts, links[0].LocalAddress, bound, lastWord);
    }

    /// <inheritdoc cref="RankMeeting.Follow"/>
    public static RankLinks Follow(string address, int port, RankHello own, TimeSpan patience, Action<string> lastWord)
    {
        (RankLink link, string[] hosts) = RankMeeting.Follow(address, port, own, patience);
        return new RankLinks(own.Rank, [link], hosts, link.LocalAddress, link.RemoteAddress, lastWord);
    }

    /// <summary>What every rank gives, by rank; empty on all but rank 0.</summary>
    public byte[][] Gather(byte[] own)
    {
        if (Rank > 0)
        {
            Send(_links[0], RankFrame.Data, own);
            return [];
        }
        return [own, .. _links.Select(link => Take(link) ?? throw Ended(link))];
    }

    /// <summary>What rank 0 gives.</summary>
    /// <returns>Null where rank 0 has said that all is done.</returns>
    public byte[]? FromLeader(byte[]? own)
    {
        if (Rank > 0) return Take(_links[0]);
        foreach (RankLink link in _links) Send(link, RankFrame.Data, own!);
        return own;
    }

    public string FromLeader(string? own) =>
        Encoding.UTF8.GetString(FromLeader(own is null ? null : Encoding.UTF8.GetBytes(own)) ?? throw Ended(_links[0]));

    /// <summary>Returns when all ranks have come here.</summary>
    public void Barrier()
    {
        Gather([]);
        _ = FromLeader(Rank == 0 ? [] : null) ?? throw Ended(_links[0]);
    }

    /// <exception cref="RankLostException">A rank was lost.</exception>
    /// <exception cref="OperationCanceledException">Rank 0 was interrupted.</exception>
    public void ThrowIfLost()
    {
        if (_lost.Task.IsCompleted) throw _lost.Task.Result;
    }

    /// <summary>A collective failed: the cause is known to the links within a moment, by name.</summary>
    public Exception Blame(Exception failure) =>
        _lost.Task.Wait(s_blame) ? _lost.Task.Result : new RankLostException($"{Name(Rank)}: {failure.Message}");

    /// <summary>Tells the others that this rank ends because of an error.</summary>
    public void Fail(Exception error)
    {
        if (_lost.Task.IsCompleted) return;
        bool interrupted = error is OperationCanceledException;
        byte[] text = Encoding.UTF8.GetBytes($"{Name(Rank)} ended: {error.Message}");
        Told(interrupted ? RankFrame.Interrupted : RankFrame.Failed, text);
        _closing.Set();
    }

    /// <summary>The end of work that all ranks have done: rank 0 says so, and waits for the others to go.</summary>
    public void Leave()
    {
        if (_closing.IsSet) return;
        Told(RankFrame.End, []);
        _closing.Set();
        if (Rank == 0) Task.WaitAll([.. _links.Select(l => l.Closed)], s_leave);
    }

    public void Dispose()
    {
        _closing.Set();
        foreach (RankLink link in _links) link.Dispose();
    }

    private string Name(int rank) => $"rank {rank} on {Hosts[rank]}";

    private void Told(RankFrame kind, byte[] bytes)
    {
        foreach (RankLink link in _links) TrySend(link, kind, bytes);
    }

    private static void TrySend(RankLink link, RankFrame kind, byte[] bytes)
    {
        try
        {
            link.Send(kind, bytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is gone: its reader, or its silence, says so.
        }
    }

    private static RankLostException Ended(RankLink link) => new($"{link.Name} has ended before the others");

    private void Send(RankLink link, RankFrame kind, byte[] bytes)
    {
        ThrowIfLost();
        try
        {
            link.Send(kind, bytes);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            throw Blame(e);
        }
    }

    private byte[]? Take(RankLink link)
    {
        while (true)
        {
            // Data wakes it at once; between two looks it learns whether any rank was lost, of which other links tell.
            if (link.Take(s_poll) is { } bytes) return bytes;
            ThrowIfLost();
            if (link.Ended) return link.Take(TimeSpan.Zero);
        }
    }

    private void Gone(RankLink link, string how)
    {
        if (!_closing.IsSet) Lose(new RankLostException($"{link.Name} is lost: {how}."));
    }

    private void Told(RankLink link, RankFrame kind, string text) => Lose(kind == RankFrame.Interrupted
        ? new OperationCanceledException(text)
        : new RankLostException(text));

    /// <summary>The first loss is the one that is told.</summary>
    private void Lose(Exception lost)
    {
        if (_closing.IsSet || !_lost.TrySetResult(lost)) return;
        Told(lost is OperationCanceledException ? RankFrame.Interrupted : RankFrame.Failed, Encoding.UTF8.GetBytes(lost.Message));
        new Thread(() =>
        {
            // The computing thread looks between collectives; a long pass, or a stage that is no training, does not.
            if (!_closing.Wait(s_lastChance)) _lastWord(lost.Message);
        })
        { IsBackground = true, Name = "last word" }.Start();
    }

    private void Beat()
    {
        long last = Environment.TickCount64;
        while (!_closing.Wait(s_beat) && !_lost.Task.IsCompleted)
        {
            long now = Environment.TickCount64;
            foreach (RankLink link in _links)
            {
                if (now - last > MostSilence.TotalMilliseconds / 2) link.Forgive();
                if (link.Ended) continue;
                if (link.Silence > MostSilence.TotalMilliseconds)
                {
                    Lose(new RankLostException($"{link.Name} has not been heard of for {link.Silence / 1000} s: it was stopped, or the "
                        + "network between the two is cut."));
                    return;
                }
                TrySend(link, RankFrame.Beat, []);
            }
            last = now;
        }
    }
}
