namespace Hone.Models.Gguf;

/// <summary>
/// A tensor of a GGUF file: its bytes lie at <paramref name="Offset"/> of the file. The shape is row-major, slowest first.
/// </summary>
internal sealed record GgufEntry(string Name, IReadOnlyList<long> Shape, GgufTensorType Type, long Offset, long Length)
{
    /// <summary>The shape as it is written, for instance [128, 64].</summary>
    public string ShapeText => $"[{string.Join(", ", Shape)}]";
}

/// <summary>
/// The head of a GGUF file, versions 2 and 3 (ggml-org/ggml, docs/gguf.md): metadata and the list of tensors, which lie one after
/// the other, each at a multiple of the alignment.
/// </summary>
internal sealed class GgufHeader
{
    internal const uint Magic = 0x46554747; // "GGUF"
    internal const uint Version = 3;
    internal const string AlignmentKey = "general.alignment";
    internal const int DefaultAlignment = 32;
    internal const int MaxDimensions = 4;
    private const int MaxName = 1 << 10;
    private const int MaxPairs = 1 << 16;
    private const int MaxTensors = 1 << 18;

    private GgufHeader(GgufMetadata metadata, IReadOnlyDictionary<string, GgufEntry> entries) => (Metadata, Entries) = (metadata, entries);

    public GgufMetadata Metadata { get; }

    public IReadOnlyDictionary<string, GgufEntry> Entries { get; }

    /// <summary>Reads and checks the head; nothing beyond it is read.</summary>
    /// <exception cref="InputException">The file breaks a rule of the format, or uses what is not read.</exception>
    public static GgufHeader Read(Stream file, string path)
    {
        GgufReader reader = new(file, path);
        if (file.Length < 4 || reader.UInt32() != Magic)
            throw new InputException("The file is no GGUF file: it does not begin with \"GGUF\".", path);
        uint version = reader.UInt32();
        if (version is not (2 or 3))
        {
            throw (version & 0xFFFF) == 0
                ? new InputException("The file is a GGUF file for big-endian machines, which is not read.", path)
                : new InputException($"The file is of GGUF version {version}; versions 2 and 3 are read.", path,
                    "Convert the model again with a current llama.cpp.");
        }

        int tensors = reader.Count("tensors", 8 + 4 + 8 + 4 + 8, MaxTensors), pairs = reader.Count("metadata pairs", 8 + 4 + 1, MaxPairs);
        GgufMetadata metadata = new(path);
        for (int i = 0; i < pairs; i++)
        {
            string key = reader.Text("a metadata key");
            object value = reader.Value((GgufValueType)reader.UInt32(), Excerpt.Of(key));
            if (!metadata.TryAdd(key, value)) throw reader.Broken($"has the metadata key {Excerpt.Of(key)} twice");
        }

        long alignment = metadata.Integer(AlignmentKey) ?? DefaultAlignment;
        if (alignment is < 1 or > 1 << 20 || !System.Numerics.BitOperations.IsPow2(alignment))
            throw metadata.Wrong(AlignmentKey, $"a power of two up to {1 << 20}, not {alignment}");
        return new(metadata, ReadEntries(reader, tensors, alignment, file.Length));
    }

    private static Dictionary<string, GgufEntry> ReadEntries(GgufReader reader, int tensors, long alignment, long fileLength)
    {
        List<(GgufEntry Entry, ulong Declared)> listed = new(tensors);
        for (int i = 0; i < tensors; i++) listed.Add(ReadEntry(reader, fileLength));

        Dictionary<string, GgufEntry> entries = new(tensors, StringComparer.Ordinal);
        long dataStart = Align(reader.Position, alignment), next = 0;
        foreach ((GgufEntry entry, ulong declared) in listed)
        {
            string shown = Excerpt.Of(entry.Name);
            if (declared != (ulong)next)
                throw reader.Broken(
                    $"places tensor {shown} at byte {declared} of its data, where {next} is the place after the one before");
            if (entry.Length > fileLength - dataStart - next)
                throw reader.Broken(
                    $"has {fileLength} bytes, too few for tensor {shown} {Excerpt.Of(entry.ShapeText)} {entry.Type}: it is cut short");
            if (!entries.TryAdd(entry.Name, entry with { Offset = dataStart + next })) throw reader.Broken($"has tensor {shown} twice");
            next = Align(next + entry.Length, alignment);
        }

        return entries;
    }

    private static (GgufEntry Entry, ulong Declared) ReadEntry(GgufReader reader, long fileLength)
    {
        string name = reader.Text("a tensor's name"), shown = Excerpt.Of(name);
        if (name.Length is 0 or > MaxName) throw reader.Broken($"has a tensor whose name has {name.Length} characters");
        uint dimensions = reader.UInt32();
        if (dimensions is < 1 or > MaxDimensions)
            throw reader.Broken($"gives tensor {shown} {dimensions} dimensions; 1 to {MaxDimensions} are allowed");
        long[] shape = new long[dimensions];
        long numbers = 1;
        for (int i = shape.Length - 1; i >= 0; i--) // the file lists the fastest dimension first
        {
            ulong size = reader.UInt64();
            // No type takes less than half a byte for a number, so what exceeds this cannot lie in the file.
            if (size == 0 || size > (ulong)(fileLength * 2 / numbers))
                throw reader.Broken($"gives tensor {shown} a dimension of {size}, more than it holds");
            shape[i] = (long)size;
            numbers *= shape[i];
        }

        uint number = reader.UInt32();
        if (!GgufTensorTypes.TryFrom(number, out GgufTensorType type))
        {
            throw new InputException(
                $"Tensor {shown} is stored as {GgufTensorTypes.NameOf(number)}, which is not read.", reader.Path,
                $"Take a file of one of the types {string.Join(", ", Enum.GetNames<GgufTensorType>())}, such as a Q8_0 or F16 one.");
        }

        if (shape[^1] % type.BlockNumbers() != 0)
        {
            string found = new GgufEntry(name, shape, type, 0, 0).ShapeText;
            throw reader.Broken($"stores tensor {shown} {found} as {type}, whose rows are multiples of {type.BlockNumbers()}");
        }
        return (new GgufEntry(name, shape, type, 0, type.Bytes(numbers)), reader.UInt64());
    }

    internal static long Align(long at, long alignment) => checked(at + alignment - 1) / alignment * alignment;
}
