using System.Buffers.Binary;
using System.Text;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>Safetensors files and model folders made by hand, right or wrong in one place.</summary>
internal static class HandMade
{
    /// <summary>Length prefix, header and data, each as given.</summary>
    public static byte[] Safetensors(string header, int dataBytes, ulong? declared = null) =>
        Safetensors(Encoding.UTF8.GetBytes(header), new byte[dataBytes], declared);

    public static byte[] Safetensors(byte[] header, byte[] data, ulong? declared = null)
    {
        byte[] prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, declared ?? (ulong)header.Length);
        return [.. prefix, .. header, .. data];
    }

    /// <summary>One F32 tensor "w" with the given values.</summary>
    public static byte[] OneTensor(params float[] values)
    {
        byte[] data = new byte[values.Length * 4];
        Buffer.BlockCopy(values, 0, data, 0, data.Length);
        return Safetensors(
            Encoding.UTF8.GetBytes($$$"""{"w":{"dtype":"F32","shape":[{{{values.Length}}}],"data_offsets":[0,{{{data.Length}}}]}}"""),
            data);
    }

    public static bool SameBits(Tensor a, Tensor b) =>
        a.dtype == b.dtype && a.shape.SequenceEqual(b.shape) && a.detach().bytes.SequenceEqual(b.detach().bytes);

    /// <summary>A copy of a folder, so that a test can damage it.</summary>
    public static string Copy(string folder, TempFolder to)
    {
        foreach (string file in Directory.GetFiles(folder)) File.WriteAllBytes(to.File(Path.GetFileName(file)), File.ReadAllBytes(file));
        return to.Path;
    }
}
