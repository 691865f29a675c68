using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Hone.Training;

/// <summary>What a frame between two ranks is.</summary>
internal enum RankFrame : byte
{
    /// <summary>I live.</summary>
    Beat,

    /// <summary>Bytes that the other one waits for.</summary>
    Data,

    /// <summary>All is done; the connection is about to be closed.</summary>
    End,

    /// <summary>I end with this message, which names the rank that is the cause.</summary>
    Failed,

    /// <summary>Someone asked the run to stop.</summary>
    Interrupted,
}

/// <summary>One connection between rank 0 and another rank: frames of a kind, a length and bytes. A thread reads what comes.</summary>
internal sealed class RankLink : IDisposable
{
    private const int HeaderBytes = 5, MostBytes = 1 << 30;

    private readonly Socket _socket;
    private readonly Lock _sending = new();
    private readonly BlockingCollection<byte[]> _data = [];
    private readonly TaskCompletionSource _closed = new();
    private long _heard = Environment.TickCount64;

    /// <param name="socket">Connected; both have said who they are.</param>
    /// <param name="rank">Of the other end.</param>
    public RankLink(Socket socket, int rank, string host)
    {
        (_socket, Rank, Host) = (socket, rank, host);
        LocalAddress = Plain(socket.LocalEndPoint);
        RemoteAddress = Plain(socket.RemoteEndPoint);
    }

    public int Rank { get; }

    public string Host { get; }

    public string Name => $"rank {Rank} on {Host}";

    /// <summary>Of this end.</summary>
    public IPAddress LocalAddress { get; }

    public IPAddress RemoteAddress { get; }

    /// <summary>The other end has said that it is done.</summary>
    public bool Ended { get; private set; }

    /// <summary>Done when the connection is closed.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Milliseconds since anything was heard.</summary>
    public long Silence => Environment.TickCount64 - Volatile.Read(ref _heard);

    /// <summary>This process itself stood still: what the other one said meanwhile is yet to be read.</summary>
    public void Forgive() => Volatile.Write(ref _heard, Environment.TickCount64);

    /// <summary>Begins to read.</summary>
    /// <param name="gone">Told why the connection ended, where the other end did not say that it would.</param>
    /// <param name="told">Told of what is no data: that the other end failed, or was interrupted.</param>
    public void Listen(Action<RankLink, string> gone, Action<RankLink, RankFrame, string> told) =>
        new Thread(() =>
        {
            try
            {
                while (true)
                {
                    (RankFrame kind, byte[] bytes) = Read(_socket, MostBytes);
                    Volatile.Write(ref _heard, Environment.TickCount64);
                    if (kind == RankFrame.Data) _data.Add(bytes);
                    else if (kind == RankFrame.End)
                    {
                        Ended = true;
                        _data.CompleteAdding();
                    }
                    else if (kind != RankFrame.Beat) told(this, kind, System.Text.Encoding.UTF8.GetString(bytes));
                }
            }
            catch (Exception e) when (e is SocketException or IOException or InvalidOperationException)
            {
                _closed.SetResult();
                if (!Ended) gone(this, e is EndOfStreamException ? "its connection was closed" : e.Message);
            }
        })
        { IsBackground = true, Name = $"link to rank {Rank}" }.Start();

    /// <exception cref="SocketException">The other end is gone, or takes nothing.</exception>
    public void Send(RankFrame kind, ReadOnlySpan<byte> bytes)
    {
        lock (_sending) Write(_socket, kind, bytes);
    }

    /// <summary>The next data; null where none came in that time, or none will come.</summary>
    public byte[]? Take(TimeSpan patience) => _data.TryTake(out byte[]? bytes, patience) ? bytes : null;

    public void Dispose()
    {
        _socket.Dispose();
        _data.Dispose();
    }

    public static void Write(Socket socket, RankFrame kind, ReadOnlySpan<byte> bytes)
    {
        byte[] frame = new byte[HeaderBytes + bytes.Length];
        frame[0] = (byte)kind;
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(1), bytes.Length);
        bytes.CopyTo(frame.AsSpan(HeaderBytes));
        for (int sent = 0; sent < frame.Length;) sent += socket.Send(frame.AsSpan(sent));
    }

    /// <param name="most">Bytes that a frame may have.</param>
    public static (RankFrame Kind, byte[] Bytes) Read(Socket socket, int most)
    {
        byte[] header = Exactly(socket, HeaderBytes);
        int length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(1));
        if (length < 0 || length > most || header[0] > (byte)RankFrame.Interrupted) throw new IOException("what came is not from Hone");
        return ((RankFrame)header[0], Exactly(socket, length));
    }

    private static IPAddress Plain(EndPoint? end)
    {
        IPAddress address = ((IPEndPoint)end!).Address;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static byte[] Exactly(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        for (int at = 0; at < count;)
        {
            int got = socket.Receive(bytes.AsSpan(at));
            if (got == 0) throw new EndOfStreamException();
            at += got;
        }
        return bytes;
    }
}
