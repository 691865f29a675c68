using System.Text.Json;
using static TorchSharp.torch;

namespace Hone.Models;

/// <summary>Writes named tensors as one safetensors file, converted one at a time.</summary>
internal static class SafetensorsWriter
{
    /// <summary>
    /// All tensors in ordinal order of their names, so that equal tensors are equal bytes; read back by
    /// <see cref="SafetensorsFile"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">A value is NaN or infinite; the message names the tensor.</exception>
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors, ScalarType dtype) =>
        Write(
            stream,
            [.. tensors.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => new StoredTensor(t.Key, t.Value.shape, dtype))],
            tensors);

    // Header, padded with spaces so that the data starts at a multiple of 8, then the tensors in the header's order.
    internal static void Write(Stream stream, List<StoredTensor> tensors, IReadOnlyDictionary<string, Tensor> weights)
    {
        using MemoryStream header = new();
        using (Utf8JsonWriter json = new(header))
        {
            json.WriteStartObject();
            json.WriteStartObject("__metadata__");
            json.WriteString("format", "pt");
            json.WriteEndObject();
            long offset = 0;
            foreach (StoredTensor tensor in tensors)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", tensor.DtypeName);
                json.WriteStartArray("shape");
                foreach (long size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }

        while (header.Length % 8 != 0) header.WriteByte((byte)' ');
        stream.Write(BitConverter.GetBytes(header.Length));
        stream.Write(header.GetBuffer().AsSpan(0, (int)header.Length));
        foreach (StoredTensor tensor in tensors) tensor.WriteValues(weights[tensor.Name], stream);
    }
}
