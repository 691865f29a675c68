using Hone.Text;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>
/// A safetensors file mapped into memory. Reading a tensor copies it piece by piece into a fresh one and gives the pages
/// read back to the system, so that the resident memory is that of the tensors alone.
/// </summary>
internal sealed unsafe partial class SafetensorsFile : IDisposable
{
    private const long Piece = 32 << 20;

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;

    private SafetensorsFile(string path, SafetensorsHeader header, MemoryMappedFile map)
    {
        Path = path;
        Header = header;
        _map = map;
        _view = map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        _bytes += _view.PointerOffset;
    }

    public string Path { get; }

    public SafetensorsHeader Header { get; }

    /// <summary>Maps the file and checks its header.</summary>
    /// <exception cref="InputException">The file cannot be read or breaks a rule of the format.</exception>
    public static SafetensorsFile Open(string path)
    {
        try
        {
            using FileStream stream = RegularFile.Open(path);
            SafetensorsHeader header = SafetensorsHeader.Read(stream, path);
            MemoryMappedFile map = MemoryMappedFile.CreateFromFile(
                stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new SafetensorsFile(path, header, map);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The weights cannot be read: {e.Message}", path, null, e);
        }
    }

    /// <summary>
    /// A new tensor with the values of <paramref name="name"/>, as <paramref name="dtype"/> on <paramref name="device"/>.
    /// </summary>
    /// <exception cref="InputException">No such tensor, a dtype other than F32, F16, BF16, or a value that is NaN or infinite.</exception>
    public Tensor Read(string name, ScalarType dtype, Device device)
    {
        LibTorch.Load();
        if (!Header.Entries.TryGetValue(name, out SafetensorsEntry? entry))
            throw new InputException($"The file holds no tensor {name}.", Path);
        ScalarType stored = entry.Dtype switch
        {
            "F32" => ScalarType.Float32,
            "F16" => ScalarType.Float16,
            "BF16" => ScalarType.BFloat16,
            _ => throw new InputException($"Tensor {name} has dtype {entry.Dtype}; Hone reads F32, F16 and BF16.", Path),
        };

        Tensor tensor = empty([.. entry.Shape], dtype: stored, device: CPU);
        try
        {
            Copy(entry, tensor);
            if (stored == dtype && device.type == DeviceType.CPU) return tensor;
            Tensor converted = tensor.to(dtype, device);
            tensor.Dispose();
            tensor = converted;
            if (FloatBits.Narrows(stored, dtype) && !tensor.isfinite().all().item<bool>())
                throw new InputException($"Tensor {name} holds values too large for {dtype}.", Path);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>True when two tensors of equal length hold the same bytes.</summary>
    internal bool BytesEqual(SafetensorsEntry entry, SafetensorsFile other, SafetensorsEntry otherEntry)
    {
        for (long at = 0; at < entry.Length; at += Piece)
        {
            int count = (int)Math.Min(Piece, entry.Length - at);
            ReadOnlySpan<byte> mine = new(_bytes + entry.Offset + at, count), others = new(other._bytes + otherEntry.Offset + at, count);
            if (!mine.SequenceEqual(others)) return false;
            Release(mine);
            Release(others);
        }

        return true;
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
    }

    private void Copy(SafetensorsEntry entry, Tensor tensor)
    {
        if (entry.Length == 0) return;
        using Tensor flat = tensor.view(-1);
        long pieceElements = Piece / tensor.ElementSize, elements = flat.numel();
        for (long start = 0; start < elements; start += pieceElements)
        {
            long count = Math.Min(pieceElements, elements - start);
            using Tensor slice = flat.narrow(0, start, count);
            ReadOnlySpan<byte> source = new(_bytes + entry.Offset + start * tensor.ElementSize, (int)(count * tensor.ElementSize));
            if (!FloatBits.AllFinite(source, tensor.dtype))
                throw new InputException($"Tensor {entry.Name} holds NaN or infinite values.", Path);
            source.CopyTo(slice.bytes);
            Release(source);
        }
    }

    // Mapped pages count as resident until dropped; the page cache still has them.
    private static void Release(ReadOnlySpan<byte> read)
    {
        if (!OperatingSystem.IsLinux() && !OperatingSystem.IsMacOS()) return;
        fixed (byte* first = read)
        {
            nint page = Environment.SystemPageSize, start = (nint)first & ~(page - 1);
            _ = Advise(start, (nuint)((nint)first + read.Length - start), 4); // MADV_DONTNEED on both systems
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint length, int advice);
}
