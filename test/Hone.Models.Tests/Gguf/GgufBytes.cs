using System.Text;

namespace Hone.Models.Tests;

/// <summary>GGUF files made by hand, right or wrong in one place.</summary>
internal sealed class GgufBytes
{
    private readonly List<byte> _bytes = [];

    public GgufBytes Number(uint value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes Long(ulong value) => Raw(BitConverter.GetBytes(value));

    public GgufBytes Text(string text) => Long((ulong)Encoding.UTF8.GetByteCount(text)).Raw(Encoding.UTF8.GetBytes(text));

    public GgufBytes Raw(params byte[] bytes)
    {
        _bytes.AddRange(bytes);
        return this;
    }

    /// <summary>Magic, version and counts.</summary>
    public static GgufBytes Begin(ulong tensors, ulong pairs, uint version = 3) =>
        new GgufBytes().Raw("GGUF"u8.ToArray()).Number(version).Long(tensors).Long(pairs);

    /// <summary>A text value.</summary>
    public GgufBytes Pair(string key, string value) => Text(key).Number(8).Text(value);

    /// <summary>A tensor's entry; the fastest dimension first.</summary>
    public GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] dimensions)
    {
        Text(name).Number((uint)dimensions.Length);
        foreach (ulong size in dimensions) Long(size);
        return Number(type).Long(offset);
    }

    /// <summary>Fills up to a multiple of 32.</summary>
    public GgufBytes Align() => Raw(new byte[(32 - _bytes.Count % 32) % 32]);

    public string Save(TempFolder folder)
    {
        string path = folder.File("model.gguf");
        File.WriteAllBytes(path, _bytes.ToArray());
        return path;
    }
}
