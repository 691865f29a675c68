using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Hone.Training;

/// <summary>How ranks find each other: rank 0 listens, the others come to it, and each says what must be the same on all.</summary>
internal static class RankMeeting
{
    private static readonly TimeSpan s_hello = TimeSpan.FromSeconds(10), s_retry = TimeSpan.FromMilliseconds(100);

    /// <summary>Rank 0's side: a link for each other rank, by rank.</summary>
    /// <param name="patience">How long the others may take to come.</param>
    /// <exception cref="InputException">
    /// The port is taken, a rank did not come, or one was started with other settings: all are told, and named here.
    /// </exception>
    public static (RankLink[] Links, string[] Hosts) Lead(TcpListener listener, RankHello own, TimeSpan patience)
    {
        var came = new SortedDictionary<int, (Socket Socket, RankHello Hello)>();
        try
        {
            long begun = Stopwatch.GetTimestamp();
            string? refusal = null;
            while (came.Count < own.Size - 1 && refusal is null)
            {
                TimeSpan left = patience - Stopwatch.GetElapsedTime(begun);
                if (left <= TimeSpan.Zero || !listener.Server.Poll(left, SelectMode.SelectRead)) throw Missing(own, came.Keys, patience);
                Socket socket = listener.AcceptSocket();
                if (Greet(socket) is not { } hello) socket.Dispose();
                else if (came.ContainsKey(hello.Rank) || hello.Rank <= 0 || hello.Rank >= own.Size || hello.Size != own.Size)
                {
                    refusal = $"rank {hello.Rank} of {hello.Size} on {hello.Host} came to {own.Size} ranks"
                        + (came.ContainsKey(hello.Rank) ? " that have one of this number" : "");
                    came[-1] = (socket, hello);
                }
                else
                {
                    came[hello.Rank] = (socket, hello);
                    if (own.Differences(hello) is { Count: > 0 } differences)
                        refusal = $"rank {hello.Rank} on {hello.Host} was not started as rank 0 on {own.Host}:\n    "
                            + string.Join("\n    ", differences);
                }
            }
            string[] hosts = [own.Host, .. came.Values.Select(c => c.Hello.Host)];
            byte[] welcome = new RankWelcome(hosts, refusal).ToBytes();
            foreach ((Socket socket, _) in came.Values) RankLink.Write(socket, RankFrame.Data, welcome);
            if (refusal is not null) throw new InputException(refusal, fix: "Start all ranks with the same Hone, command and recipe.");
            RankLink[] links = [.. came.Select(c => new RankLink(Ready(c.Value.Socket), c.Key, c.Value.Hello.Host))];
            return (links, hosts);
        }
        catch
        {
            foreach ((Socket socket, _) in came.Values) socket.Dispose();
            throw;
        }
    }

    /// <summary>Another rank's side: its link to rank 0.</summary>
    /// <exception cref="InputException">Rank 0 is not there, or refuses.</exception>
    public static (RankLink Link, string[] Hosts) Follow(string address, int port, RankHello own, TimeSpan patience)
    {
        long begun = Stopwatch.GetTimestamp();
        string problem = "";
        while (Stopwatch.GetElapsedTime(begun) < patience)
        {
            Socket? socket = null;
            try
            {
                socket = Connect(address, port, s_hello);
                // Rank 0 answers when all have come.
                socket.ReceiveTimeout = (int)patience.TotalMilliseconds;
                RankLink.Write(socket, RankFrame.Data, own.ToBytes());
                RankWelcome welcome = RankWelcome.Parse(RankLink.Read(socket, RankHello.MostBytes).Bytes);
                if (welcome.Refusal is { } refusal) throw new InputException(refusal);
                return (new RankLink(Ready(socket), 0, welcome.Hosts[0]), [.. welcome.Hosts]);
            }
            catch (Exception e) when (e is SocketException or EndOfStreamException)
            {
                // Not there yet, or one that left: it may come. Nothing tells when it does, so it is tried again.
                socket?.Dispose();
                problem = e.Message;
                Thread.Sleep(s_retry);
            }
            catch
            {
                socket?.Dispose();
                throw;
            }
        }
        throw new InputException($"rank {own.Rank} on {own.Host} waited {patience.TotalSeconds:F0} s for rank 0: {problem}",
            $"{address}:{port}", "See that rank 0 was started, and that its host and port can be reached from here.");
    }

    /// <summary>Where rank 0 listens: at the address given where that is this host's own, so that no other network sees it.</summary>
    /// <exception cref="InputException">The port is taken.</exception>
    public static TcpListener Listen(string? address, int port)
    {
        IPAddress bound = IPAddress.Any;
        if (address is not null)
            bound = Resolve(address).FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork && IsOwn(a)) ?? IPAddress.Any;
        var listener = new TcpListener(bound, port);
        try
        {
            listener.Start();
            return listener;
        }
        catch (SocketException e)
        {
            throw new InputException($"rank 0 cannot listen: {e.Message}", $"{bound}:{port}",
                $"Give another port with {RankPlace.PortName}, the same on all ranks.", e);
        }
    }

    /// <summary>A connection, within that time.</summary>
    /// <exception cref="SocketException">There is none; <see cref="SocketError.TimedOut"/> where nothing answered.</exception>
    public static Socket Connect(string address, int port, TimeSpan patience)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var timeout = new CancellationTokenSource(patience);
            socket.ConnectAsync(address, port, timeout.Token).AsTask().GetAwaiter().GetResult();
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is OperationCanceledException) throw new SocketException((int)SocketError.TimedOut);
            throw;
        }
    }

    /// <summary>A port of this host that nothing listens at now.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static IPAddress[] Resolve(string address)
    {
        try
        {
            return Dns.GetHostAddresses(address);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    private static bool IsOwn(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static RankHello? Greet(Socket socket)
    {
        try
        {
            socket.ReceiveTimeout = socket.SendTimeout = (int)s_hello.TotalMilliseconds;
            return RankHello.Parse(RankLink.Read(socket, RankHello.MostBytes).Bytes);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null; // whatever scans ports
        }
    }

    private static Socket Ready(Socket socket)
    {
        (socket.NoDelay, socket.ReceiveTimeout, socket.SendTimeout) = (true, 0, (int)RankLinks.MostSilence.TotalMilliseconds);
        return socket;
    }

    private static InputException Missing(RankHello own, IEnumerable<int> came, TimeSpan patience)
    {
        int[] missing = [.. Enumerable.Range(1, own.Size - 1).Except(came)];
        return new($"rank 0 on {own.Host} waited {patience.TotalSeconds:F0} s, and of {own.Size} ranks these did not come: "
            + string.Join(", ", missing), fix: "See why they were not started, or cannot reach this host.");
    }
}
