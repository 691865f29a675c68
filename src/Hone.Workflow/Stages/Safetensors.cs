using System.Buffers.Binary;
using System.Text.Json;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>Named fp32 tensors in one safetensors file: a training state. Names in ordinal order, so equal states are equal bytes.</summary>
internal static class Safetensors
{
    public static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> tensors)
    {
        using (stream)
        {
            var header = new SortedDictionary<string, object>(StringComparer.Ordinal);
            long offset = 0;
            foreach ((string name, Tensor tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
            {
                long bytes = tensor.numel() * sizeof(float);
                header[name] = new { dtype = "F32", tensor.shape, data_offsets = new[] { offset, offset + bytes } };
                offset += bytes;
            }
            byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
            byte[] length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
            stream.Write(length);
            stream.Write(json);
            foreach ((_, Tensor tensor) in tensors.OrderBy(t => t.Key, StringComparer.Ordinal))
            {
                using Tensor here = tensor.detach().cpu().contiguous();
                stream.Write(here.bytes);
            }
        }
    }

    public static IReadOnlyDictionary<string, Tensor> Read(string path, Device device)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return file.Header.Entries.Keys.ToDictionary(name => name, name => file.Read(name, ScalarType.Float32, device));
    }
}
