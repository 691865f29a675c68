using Hone.Text;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>
/// A GGUF file opened for reading. Tensors are read one by one and piece by piece, so that memory holds the numbers once.
/// </summary>
internal sealed class GgufFile : IDisposable
{
    private const int PieceBytes = 8 << 20;

    private readonly SafeFileHandle _handle;

    private GgufFile(string path, GgufHeader header, SafeFileHandle handle) => (Path, Header, _handle) = (path, header, handle);

    public string Path { get; }

    public GgufHeader Header { get; }

    public GgufMetadata Metadata => Header.Metadata;

    /// <summary>Opens the file and checks its head.</summary>
    /// <exception cref="InputException">The file cannot be read, breaks a rule of the format, or uses what is not read.</exception>
    public static GgufFile Open(string path)
    {
        try
        {
            GgufHeader header;
            using (FileStream stream = RegularFile.Open(path))
                header = GgufHeader.Read(stream, path);
            return new GgufFile(path, header, File.OpenHandle(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The model cannot be read: {e.Message}", path, null, e);
        }
    }

    /// <summary>
    /// A new tensor with the numbers of <paramref name="name"/>, as <paramref name="dtype"/> on <paramref name="device"/>.
    /// </summary>
    /// <exception cref="InputException">No such tensor, or a number that is NaN or infinite.</exception>
    public Tensor Read(string name, ScalarType dtype, Device device)
    {
        LibTorch.Load();
        if (!Header.Entries.TryGetValue(name, out GgufEntry? entry)) throw new InputException($"The file holds no tensor {name}.", Path);
        ScalarType stored = entry.Type switch
        {
            GgufTensorType.F16 => ScalarType.Float16,
            GgufTensorType.BF16 => ScalarType.BFloat16,
            _ => ScalarType.Float32,
        };
        return TensorReading.Read(name, Path, [.. entry.Shape], stored, dtype, device, tensor => Fill(entry, tensor));
    }

    public void Dispose() => _handle.Dispose();

    private void Fill(GgufEntry entry, Tensor tensor)
    {
        using Tensor flat = tensor.view(-1);
        int block = entry.Type.BlockNumbers(), blockBytes = entry.Type.BlockBytes();
        int pieceNumbers = PieceBytes / blockBytes * block;
        byte[] quantized = block == 1 ? [] : new byte[Math.Min(entry.Length, PieceBytes)];
        for (long start = 0; start < flat.numel(); start += pieceNumbers)
        {
            int count = (int)Math.Min(pieceNumbers, flat.numel() - start);
            using Tensor slice = flat.narrow(0, start, count);
            Span<byte> target = slice.bytes;
            Span<byte> source = block == 1 ? target : quantized.AsSpan(0, (int)entry.Type.Bytes(count));
            TensorReading.ReadAt(_handle, Path, source, entry.Offset + entry.Type.Bytes(start));
            Span<float> values = block == 1 ? [] : MemoryMarshal.Cast<byte, float>(target);
            switch (entry.Type)
            {
                case GgufTensorType.Q8_0:
                    BlockFormats.DequantizeQ8(source, values);
                    break;
                case GgufTensorType.Q4_0:
                    BlockFormats.DequantizeQ4(source, values);
                    break;
                case GgufTensorType.Q6_K:
                    BlockFormats.DequantizeQ6(source, values);
                    break;
            }

            if (!FloatBits.AllFinite(target, tensor.dtype))
                throw new InputException($"Tensor {entry.Name} holds NaN or infinite values.", Path);
        }
    }
}
