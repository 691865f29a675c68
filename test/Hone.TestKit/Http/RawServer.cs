using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hone.TestKit;

/// <summary>A request as it came in.</summary>
public sealed record RawRequest(string Method, string Path, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>What goes back, right or wrong on purpose.</summary>
public sealed record RawReply(int Status, byte[] Body)
{
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>The connection is cut after so many bytes of the body; null sends all.</summary>
    public int? CutAfter { get; init; }

    /// <summary>The length announced, where it is not the body's.</summary>
    public long? Announced { get; init; }

    /// <summary>Wait before every 64 KiB of the body.</summary>
    public TimeSpan Pause { get; init; }

    /// <summary>Wait before anything is sent.</summary>
    public TimeSpan Delay { get; init; }

    public static RawReply Text(int status, string text, params (string Name, string Value)[] headers) =>
        new(status, Encoding.UTF8.GetBytes(text)) { Headers = headers.ToDictionary(h => h.Name, h => h.Value) };
}

/// <summary>
/// An HTTP server on a free port of loopback, on bare sockets, so that it can break every rule. One request a connection.
/// </summary>
public sealed class RawServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<RawRequest, RawReply> _answer;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public RawServer(Func<RawRequest, RawReply> answer)
    {
        _answer = answer;
        _listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _loop = Task.Run(AcceptAsync);
    }

    public Uri Address { get; }

    /// <summary>Every request so far, in order of arrival.</summary>
    public ConcurrentQueue<RawRequest> Requests { get; } = new();

    /// <summary>Bytes of bodies that were sent.</summary>
    public long BytesSent => Interlocked.Read(ref _sent);

    private long _sent;

    public void Dispose()
    {
        if (_stop.IsCancellationRequested) return; // a test has ended it
        _stop.Cancel();
        _listener.Stop();
        _loop.ContinueWith(_ => { }, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(5));
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
            _ = Task.Run(() => ServeAsync(client));
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                RawRequest request = await ReadAsync(stream).ConfigureAwait(false);
                Requests.Enqueue(request);
                RawReply reply = _answer(request);
                await Task.Delay(reply.Delay, _stop.Token).ConfigureAwait(false);
                var head = new StringBuilder(
                    $"HTTP/1.1 {reply.Status} Status\r\nContent-Length: {reply.Announced ?? reply.Body.Length}\r\nConnection: close\r\n");
                foreach ((string name, string value) in reply.Headers) head.Append($"{name}: {value}\r\n");
                await stream.WriteAsync(Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), _stop.Token).ConfigureAwait(false);
                int end = Math.Min(reply.CutAfter ?? int.MaxValue, reply.Body.Length);
                for (int at = 0; at < end; at += 1 << 16)
                {
                    await Task.Delay(reply.Pause, _stop.Token).ConfigureAwait(false);
                    int length = Math.Min(1 << 16, end - at);
                    await stream.WriteAsync(reply.Body.AsMemory(at, length), _stop.Token).ConfigureAwait(false);
                    Interlocked.Add(ref _sent, length);
                }
                client.Client.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The client left first, or the test is over.
            }
        }
    }

    private static async Task<RawRequest> ReadAsync(NetworkStream stream)
    {
        var bytes = new List<byte>();
        byte[] buffer = new byte[4096];
        int headers = -1, length = 0;
        string[] lines = [];
        while (headers < 0 || bytes.Count < headers + length)
        {
            int read = await stream.ReadAsync(buffer).ConfigureAwait(false);
            if (read == 0) throw new IOException("the client left");
            bytes.AddRange(buffer.AsSpan(0, read));
            if (headers >= 0) continue;
            int end = Encoding.ASCII.GetString([.. bytes]).IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end < 0) continue;
            headers = end + 4;
            lines = Encoding.ASCII.GetString([.. bytes[..end]]).Split("\r\n");
            length = lines.Skip(1).Where(l => l.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
                .Select(l => int.Parse(l[15..])).FirstOrDefault();
        }
        string[] first = lines[0].Split(' ');
        Dictionary<string, string> fields = new(StringComparer.OrdinalIgnoreCase);
        foreach (string line in lines.Skip(1)) fields[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        return new RawRequest(first[0], first[1], fields, Encoding.UTF8.GetString([.. bytes[headers..]]));
    }
}
