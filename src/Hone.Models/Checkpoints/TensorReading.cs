using Microsoft.Win32.SafeHandles;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>What all files of weights have in common: numbers are read in the format that they are stored in, and converted.</summary>
internal static class TensorReading
{
    /// <summary>A new tensor, as <paramref name="dtype"/> on <paramref name="device"/>.</summary>
    /// <param name="fill">Writes the numbers into a tensor on the CPU in their <paramref name="stored"/> format.</param>
    /// <exception cref="InputException">
    /// A number is too large for <paramref name="dtype"/>, or what <paramref name="fill"/> says.
    /// </exception>
    public static Tensor Read(
        string name, string path, long[] shape, ScalarType stored, ScalarType dtype, Device device, Action<Tensor> fill)
    {
        Tensor tensor = empty(shape, dtype: stored, device: CPU);
        try
        {
            fill(tensor);
            if (stored == dtype && device.type == DeviceType.CPU) return tensor;
            Tensor converted = tensor.to(dtype, device);
            tensor.Dispose();
            tensor = converted;
            if (FloatBits.Narrows(stored, dtype) && !tensor.IsFinite())
                throw new InputException($"Tensor {name} holds values too large for {dtype}.", path);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Fills a span with a file's bytes from a place on. From several threads.</summary>
    /// <exception cref="InputException">The file cannot be read, or has become shorter.</exception>
    public static void ReadAt(SafeFileHandle file, string path, Span<byte> to, long offset)
    {
        try
        {
            while (!to.IsEmpty)
            {
                int count = RandomAccess.Read(file, to, offset);
                if (count == 0) throw new EndOfStreamException("it has become shorter since it was opened");
                to = to[count..];
                offset += count;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, e);
        }
    }

    public static InputException Unreadable(string path, Exception cause) =>
        new($"The weights cannot be read: {cause.Message}", path, null, cause);
}
