using System.Buffers.Binary;
using System.Text.Json;

namespace Hone.Models;

/// <summary>One tensor of a safetensors file: its bytes lie at <paramref name="Offset"/> of the file.</summary>
internal sealed record SafetensorsEntry(string Name, string Dtype, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>The shape as it is written, for instance [128, 64].</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>
/// The header of a safetensors file, checked by the rules of the reference reader (huggingface/safetensors, tensor.rs)
/// before anything is allocated from it; duplicate names, which that reader merges, are refused.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>The reference reader's limit on the length of the JSON.</summary>
    public const long MaxLength = 100_000_000;

    private static readonly Dictionary<string, int> s_bits = new(StringComparer.Ordinal)
    {
        ["F4"] = 4,
        ["F6_E2M3"] = 6,
        ["F6_E3M2"] = 6,
        ["BOOL"] = 8,
        ["U8"] = 8,
        ["I8"] = 8,
        ["F8_E5M2"] = 8,
        ["F8_E4M3"] = 8,
        ["F8_E8M0"] = 8,
        ["I16"] = 16,
        ["U16"] = 16,
        ["F16"] = 16,
        ["BF16"] = 16,
        ["I32"] = 32,
        ["U32"] = 32,
        ["F32"] = 32,
        ["F64"] = 64,
        ["I64"] = 64,
        ["U64"] = 64,
        ["C64"] = 64,
    };

    private SafetensorsHeader(
        IReadOnlyDictionary<string, SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata, long fileLength)
    {
        FileLength = fileLength;
        Entries = entries;
        Metadata = metadata;
    }

    public IReadOnlyDictionary<string, SafetensorsEntry> Entries { get; }

    /// <summary>Bytes of the whole file.</summary>
    public long FileLength { get; }

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads and checks the header of the file at <paramref name="path"/>.</summary>
    /// <exception cref="InputException">The file breaks a rule of the format.</exception>
    public static SafetensorsHeader Read(Stream file, string path)
    {
        long fileLength = file.Length;
        if (fileLength < 8) throw Broken(path, $"has {fileLength} bytes, fewer than the 8 of the header length");
        Span<byte> prefix = stackalloc byte[8];
        file.ReadExactly(prefix);
        ulong declared = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (declared > MaxLength) throw Broken(path, $"declares a header of {declared} bytes, above the limit of {MaxLength}");
        if (declared > (ulong)(fileLength - 8))
            throw Broken(path, $"declares a header of {declared} bytes, but has only {fileLength - 8} after the length");

        byte[] json = new byte[declared];
        file.ReadExactly(json);
        if (json.Length == 0 || json[0] != '{') throw Broken(path, "has a header that does not start with {");
        return Parse(JsonFile.ParseObject(json, path), 8 + (long)declared, fileLength, path);
    }

    private static SafetensorsHeader Parse(JsonElement root, long dataStart, long fileLength, string path)
    {
        Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
        Dictionary<string, string> metadata = new(StringComparer.Ordinal);
        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (property.Name == "__metadata__") ReadMetadata(property.Value, metadata, path);
            else entries.Add(property.Name, ReadEntry(property, dataStart, fileLength, path));
        }

        long end = dataStart;
        foreach (SafetensorsEntry entry in entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.Length))
        {
            if (entry.Offset != end)
                throw Broken(path, $"has {(entry.Offset > end ? "a hole" : "an overlap")} before tensor {Excerpt.Of(entry.Name)}: "
                    + $"it starts at byte {entry.Offset - dataStart}, the one before ends at {end - dataStart}");
            end += entry.Length;
        }

        if (end != fileLength) throw Broken(path, $"has {fileLength} bytes, but its tensors end at {end}");
        return new SafetensorsHeader(entries, metadata, fileLength);
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata, string path)
    {
        if (value.ValueKind != JsonValueKind.Object) throw Broken(path, "has a __metadata__ that is no object");
        foreach (JsonProperty property in value.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.String)
                throw Broken(path, $"has metadata {Excerpt.Of(property.Name)} that is no text");
            metadata.Add(property.Name, property.Value.GetString()!);
        }
    }

    private static SafetensorsEntry ReadEntry(JsonProperty property, long dataStart, long fileLength, string path)
    {
        string name = property.Name, shown = Excerpt.Of(name);
        JsonElement value = property.Value;
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out JsonElement dtype) || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out JsonElement shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out JsonElement offsets)
            || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
        {
            throw Broken(path, $"describes tensor {shown} without dtype, shape and two data_offsets");
        }

        if (!s_bits.TryGetValue(dtype.GetString()!, out int bits))
            throw Broken(path, $"gives tensor {shown} the unknown dtype {Excerpt.Of(dtype.GetString()!)}");
        long[] dimensions = [.. shape.EnumerateArray().Select(d => Whole(d, path, $"shape of tensor {shown}"))];
        long begin = Whole(offsets[0], path, $"data_offsets of tensor {shown}");
        long end = Whole(offsets[1], path, $"data_offsets of tensor {shown}");
        long data = fileLength - dataStart;
        if (begin > end || end > data)
            throw Broken(path, $"places tensor {shown} at bytes {begin} to {end} of {data} bytes of data");
        if (ByteCount(dimensions, bits) is not { } length || length != end - begin)
            throw Broken(path, $"gives tensor {shown} {end - begin} bytes, "
                + $"which is not the size of {dtype.GetString()} {Excerpt.Of($"[{string.Join(", ", dimensions)}]")}");
        return new SafetensorsEntry(name, dtype.GetString()!, dimensions, dataStart + begin, length);
    }

    /// <summary>Size of a tensor in bytes; null when it overflows or is no whole number of bytes.</summary>
    private static long? ByteCount(long[] shape, int bits)
    {
        try
        {
            long total = shape.Aggregate(1L, (product, d) => checked(product * d));
            total = checked(total * bits);
            return total % 8 == 0 ? total / 8 : null;
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static long Whole(JsonElement value, string path, string what) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out long number) && number >= 0
            ? number
            : throw Broken(path, $"holds {ConfigFields.Short(value)} in the {what}");

    private static InputException Broken(string path, string what) =>
        new($"The safetensors file {what}.", path, "The file is damaged or incomplete: copy or download it again.");
}
