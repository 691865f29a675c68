using System.Runtime.InteropServices;
using System.Text;
using Hone.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Gguf;

/// <summary>
/// A tensor to be written: how, and where its numbers come from. <paramref name="Values"/> gives a tensor of that shape, which
/// is disposed of when it is written.
/// </summary>
internal sealed record GgufTensor(string Name, IReadOnlyList<long> Shape, GgufTensorType Type, Func<Tensor> Values)
{
    internal long Length => Type.Bytes(Shape.Aggregate(1L, (product, size) => checked(product * size)));
}

/// <summary>Writes GGUF files of version 3. The bytes depend on metadata and numbers alone.</summary>
internal static class GgufWriter
{
    private const int PieceNumbers = 1 << 20;

    /// <summary>Writes the file whole or not at all; tensors are asked for one at a time, in the order given.</summary>
    /// <exception cref="InputException">The disk is full, the file cannot be written, or a number is not finite in its type.</exception>
    public static void Write(string path, GgufMetadata metadata, IReadOnlyList<GgufTensor> tensors) =>
        Durable.WriteFile(path, stream => Write(stream, metadata, tensors));

    internal static void Write(Stream stream, GgufMetadata metadata, IReadOnlyList<GgufTensor> tensors)
    {
        using (MemoryStream head = new())
        {
            using BinaryWriter writer = new(head);
            writer.Write(GgufHeader.Magic);
            writer.Write(GgufHeader.Version);
            writer.Write((ulong)tensors.Count);
            writer.Write((ulong)metadata.Keys.Count);
            foreach (string key in metadata.Keys)
            {
                WriteText(writer, key);
                WriteValue(writer, metadata[key], typed: true);
            }

            long offset = 0;
            foreach (GgufTensor tensor in tensors)
            {
                WriteText(writer, tensor.Name);
                writer.Write((uint)tensor.Shape.Count);
                foreach (long size in tensor.Shape.Reverse()) writer.Write((ulong)size);
                writer.Write((uint)tensor.Type);
                writer.Write((ulong)offset);
                offset = GgufHeader.Align(offset + tensor.Length, GgufHeader.DefaultAlignment);
            }

            writer.Flush();
            stream.Write(head.GetBuffer().AsSpan(0, (int)head.Length));
            Pad(stream, head.Length);
        }

        foreach (GgufTensor tensor in tensors)
        {
            WriteNumbers(stream, tensor);
            Pad(stream, tensor.Length);
        }
    }

    private static void WriteNumbers(Stream stream, GgufTensor tensor)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor values = tensor.Values();
        if (!values.shape.SequenceEqual(tensor.Shape))
            throw new ArgumentException($"{tensor.Name} has another shape than announced", nameof(tensor));
        Tensor flat = values.detach().reshape(-1);
        byte[] quantized = tensor.Type.BlockNumbers() == 1 ? [] : new byte[tensor.Type.Bytes(PieceNumbers)];
        for (long start = 0; start < flat.numel(); start += PieceNumbers)
        {
            int count = (int)Math.Min(PieceNumbers, flat.numel() - start);
            ScalarType type = tensor.Type switch
            {
                GgufTensorType.F16 => ScalarType.Float16,
                GgufTensorType.BF16 => ScalarType.BFloat16,
                _ => ScalarType.Float32,
            };
            using Tensor piece = flat.narrow(0, start, count);
            using Tensor converted = piece.to(type, CPU);
            using Tensor dense = converted.contiguous();
            ReadOnlySpan<byte> bytes = dense.bytes;
            if (!FloatBits.AllFinite(bytes, type))
                throw new InputException($"{tensor.Name} holds NaN or infinite values as {tensor.Type}; it is not written.", null,
                    "Write a type of a larger range, such as BF16.");
            Span<byte> target = quantized.Length == 0 ? default : quantized.AsSpan(0, (int)tensor.Type.Bytes(count));
            ReadOnlySpan<float> numbers = quantized.Length == 0 ? default : MemoryMarshal.Cast<byte, float>(bytes);
            if (tensor.Type == GgufTensorType.Q8_0) BlockFormats.QuantizeQ8(numbers, target);
            else if (tensor.Type == GgufTensorType.Q4_0) BlockFormats.QuantizeQ4(numbers, target);
            else if (quantized.Length > 0) throw new ArgumentOutOfRangeException(nameof(tensor), tensor.Type, "a type that is written");
            stream.Write(quantized.Length == 0 ? bytes : target);
        }
    }

    private static void Pad(Stream stream, long written) =>
        stream.Write(new byte[GgufHeader.Align(written, GgufHeader.DefaultAlignment) - written]);

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void WriteValue(BinaryWriter writer, object value, bool typed)
    {
        if (typed) writer.Write((uint)TypeOf(value.GetType()));
        switch (value)
        {
            case uint v:
                writer.Write(v);
                break;
            case int v:
                writer.Write(v);
                break;
            case float v:
                writer.Write(v);
                break;
            case bool v:
                writer.Write(v);
                break;
            case string v:
                WriteText(writer, v);
                break;
            case Array list:
                writer.Write((uint)TypeOf(list.GetType().GetElementType()!));
                writer.Write((ulong)list.Length);
                foreach (object item in list) WriteValue(writer, item, typed: false);
                break;
        }
    }

    private static GgufValueType TypeOf(Type type) =>
        type == typeof(uint) ? GgufValueType.UInt32
        : type == typeof(int) ? GgufValueType.Int32
        : type == typeof(float) ? GgufValueType.Float32
        : type == typeof(bool) ? GgufValueType.Bool
        : type == typeof(string) ? GgufValueType.Text
        : type.IsArray ? GgufValueType.Array
        : throw new ArgumentException($"metadata of type {type} is not written", nameof(type));
}
