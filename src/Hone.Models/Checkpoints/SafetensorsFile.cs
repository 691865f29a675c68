using Hone.Text;
using Microsoft.Win32.SafeHandles;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// An open safetensors file. A tensor's bytes are read into a fresh one by all cores, in pieces that are looked at while the
/// processor's caches hold them, so that memory holds the tensors alone, and a file that changes cannot hurt what was read; or
/// its pages are the tensor.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private const int Piece = 1 << 19;

    private readonly FileStream _stream;
    // Asked for once: the stream would seek every time.
    private readonly SafeFileHandle _handle;
    // The file as numbers of a format, from its beginning on.
    private readonly Dictionary<ScalarType, Tensor> _pages = [];

    private SafetensorsFile(string path, SafetensorsHeader header, FileStream stream) =>
        (Path, Header, _stream, _handle) = (path, header, stream, stream.SafeFileHandle);

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <summary>Opens the file and checks its header.</summary>
    /// <exception cref="InputException">The file cannot be read or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            stream = RegularFile.Open(path);
            return new SafetensorsFile(path, SafetensorsHeader.Read(stream, path), stream);
        }
        catch (Exception e)
        {
            stream?.Dispose();
            if (e is IOException or UnauthorizedAccessException) throw TensorReading.Unreadable(path, e);
            throw;
        }
    }

    /// <summary>
    /// A new tensor with the values of <paramref name="name"/>, as <paramref name="dtype"/> on <paramref name="device"/>.
    /// </summary>
    /// <exception cref="InputException">
    /// No such tensor, a dtype other than F32, F16, BF16, a value that is NaN or infinite, or the file has become shorter.
    /// </exception>
    public Tensor Read(string name, ScalarType dtype, Device device)
    {
        LibTorch.Load();
        (SafetensorsEntry entry, ScalarType stored) = Find(name);
        return TensorReading.Read(name, Path, [.. entry.Shape], stored, dtype, device, tensor => Fill(entry, tensor));
    }

    /// <summary>
    /// The tensor in place: the file's own pages, which are read from the disk or its cache when they are first used, and copied where
    /// they are written. They stay after the file is closed. Null where they do not lie as numbers must, or cannot be mapped.
    /// </summary>
    /// <remarks>The file must not become shorter while the tensor is used: the system ends whoever reads what is gone.</remarks>
    /// <exception cref="InputException">As <see cref="Read"/>.</exception>
    public Tensor? Map(string name)
    {
        LibTorch.Load();
        (SafetensorsEntry entry, ScalarType stored) = Find(name);
        int size = stored == ScalarType.Float32 ? sizeof(float) : sizeof(short);
        if (entry.Length == 0 || entry.Offset % size != 0) return null;
        if (!_pages.TryGetValue(stored, out Tensor? all))
        {
            try
            {
                _pages[stored] = all = from_file(Path, shared: false, Header.FileLength / size, stored).DetachFromDisposeScope();
            }
            catch (ExternalException)
            {
                return null; // it has become shorter, or the file system maps nothing: reading says which
            }
        }
        using Tensor numbers = all.narrow(0, entry.Offset / size, entry.Length / size);
        Tensor tensor = numbers.view([.. entry.Shape]);
        try
        {
            byte* data = (byte*)TensorMemory.Address(tensor);
            InPieces(entry, (at, count) => CheckFinite(entry, new ReadOnlySpan<byte>(data + at, count), stored));
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>The number format of a stored tensor.</summary>
    public ScalarType TypeOf(string name) => Find(name).Type;

    /// <summary>True when two tensors of equal length hold the same bytes.</summary>
    /// <exception cref="InputException">A file has become shorter.</exception>
    internal bool BytesEqual(SafetensorsEntry entry, SafetensorsFile other, SafetensorsEntry otherEntry)
    {
        byte[] mine = new byte[Math.Min(Piece, entry.Length)], others = new byte[mine.Length];
        for (long at = 0; at < entry.Length; at += Piece)
        {
            int count = (int)Math.Min(Piece, entry.Length - at);
            ReadAt(entry.Offset + at, mine.AsSpan(0, count));
            other.ReadAt(otherEntry.Offset + at, others.AsSpan(0, count));
            if (!mine.AsSpan(0, count).SequenceEqual(others.AsSpan(0, count))) return false;
        }

        return true;
    }

    public void Dispose()
    {
        _stream.Dispose();
        foreach (Tensor all in _pages.Values) all.Dispose();
    }

    private (SafetensorsEntry Entry, ScalarType Type) Find(string name)
    {
        if (!Header.Entries.TryGetValue(name, out SafetensorsEntry? entry))
            throw new InputException($"The file holds no tensor {name}.", Path);
        return (entry, entry.Dtype switch
        {
            "F32" => ScalarType.Float32,
            "F16" => ScalarType.Float16,
            "BF16" => ScalarType.BFloat16,
            _ => throw new InputException($"Tensor {name} has dtype {entry.Dtype}; Hone reads F32, F16 and BF16.", Path),
        });
    }

    private void Fill(SafetensorsEntry entry, Tensor tensor)
    {
        if (entry.Length == 0) return;
        byte* to = (byte*)TensorMemory.Address(tensor);
        ScalarType type = tensor.dtype;
        InPieces(entry, (at, count) =>
        {
            Span<byte> bytes = new(to + at, count);
            ReadAt(entry.Offset + at, bytes);
            CheckFinite(entry, bytes, type);
        });
    }

    private void CheckFinite(SafetensorsEntry entry, ReadOnlySpan<byte> bytes, ScalarType type)
    {
        if (!FloatBits.AllFinite(bytes, type)) throw new InputException($"Tensor {entry.Name} holds NaN or infinite values.", Path);
    }

    /// <summary>Pieces of a tensor's bytes, by where they begin and how many they are: in order, on all cores.</summary>
    private static void InPieces(SafetensorsEntry entry, Action<long, int> work)
    {
        int pieces = (int)((entry.Length + Piece - 1) / Piece), taken = -1;
        void Work()
        {
            for (int piece = Interlocked.Increment(ref taken); piece < pieces; piece = Interlocked.Increment(ref taken))
            {
                long at = (long)piece * Piece;
                work(at, (int)Math.Min(Piece, entry.Length - at));
            }
        }
        try
        {
            if (pieces == 1) Work();
            else Parallel.For(0, Environment.ProcessorCount, _ => Work());
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }

    private void ReadAt(long offset, Span<byte> to) => TensorReading.ReadAt(_handle, Path, to, offset);
}
