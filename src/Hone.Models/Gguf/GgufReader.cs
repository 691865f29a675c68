using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Hone.Models.Gguf;

/// <summary>
/// Takes the values of a GGUF file's head one after the other. Every count and length is checked against what is left of the file,
/// and of the largest head that is read, before anything is allocated from it.
/// </summary>
internal sealed class GgufReader(Stream file, string path)
{
    /// <summary>Several times the head of the largest published vocabulary (262,144 tokens and their merges).</summary>
    public const long MaxHead = 256L << 20;

    // More than any vocabulary's merges; keeps the references of empty texts, which cost the file almost nothing, within bounds.
    private const long MaxArray = 4 << 20;
    private const int MaxText = 16 << 20;
    private static readonly UTF8Encoding s_strict = new(false, throwOnInvalidBytes: true);
    private readonly byte[] _number = new byte[8];

    public string Path => path;

    public long Position { get; private set; }

    private long Left => Math.Min(file.Length, MaxHead) - Position;

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A number of items of at least <paramref name="leastBytes"/> bytes each.</summary>
    public int Count(string what, long leastBytes, long most)
    {
        ulong count = UInt64();
        if (count > (ulong)most) throw Broken($"declares {count} {what}; {most} are the most that are read");
        if (count > (ulong)(Left / leastBytes)) throw Broken($"declares {count} {what}, which do not fit into the rest of its head");
        return (int)count;
    }

    public string Text(string what)
    {
        int length = Count($"bytes of {what}", 1, MaxText);
        byte[] bytes = new byte[length];
        Fill(bytes);
        try
        {
            return s_strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw Broken($"has {what} that is not valid UTF-8");
        }
    }

    /// <summary>A value of a type, as the object that <see cref="GgufMetadata"/> holds.</summary>
    public object Value(GgufValueType type, string key) => type switch
    {
        GgufValueType.UInt8 => Take(1)[0],
        GgufValueType.Int8 => (sbyte)Take(1)[0],
        GgufValueType.UInt16 => BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
        GgufValueType.Int16 => BinaryPrimitives.ReadInt16LittleEndian(Take(2)),
        GgufValueType.UInt32 => UInt32(),
        GgufValueType.Int32 => (int)UInt32(),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4)),
        GgufValueType.Bool =>
            Take(1)[0] switch { 0 => false, 1 => true, byte other => throw Broken($"has the byte {other} for a truth value in {key}") },
        GgufValueType.Text => Text(key),
        GgufValueType.Array => Array(key),
        GgufValueType.UInt64 => UInt64(),
        GgufValueType.Int64 => (long)UInt64(),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8)),
        _ => throw Broken($"gives {key} the unknown value type {(uint)type}"),
    };

    private Array Array(string key)
    {
        GgufValueType type = (GgufValueType)UInt32();
        return type switch
        {
            GgufValueType.UInt8 or GgufValueType.Bool => Numbers<byte>(key),
            GgufValueType.Int8 => Numbers<sbyte>(key),
            GgufValueType.UInt16 => Numbers<ushort>(key),
            GgufValueType.Int16 => Numbers<short>(key),
            GgufValueType.UInt32 => Numbers<uint>(key),
            GgufValueType.Int32 => Numbers<int>(key),
            GgufValueType.Float32 => Numbers<float>(key),
            GgufValueType.UInt64 => Numbers<ulong>(key),
            GgufValueType.Int64 => Numbers<long>(key),
            GgufValueType.Float64 => Numbers<double>(key),
            GgufValueType.Text => Texts(key),
            GgufValueType.Array => throw Broken($"has a list of lists in {key}; none is known to need one"),
            _ => throw Broken($"gives the items of {key} the unknown value type {(uint)type}"),
        };
    }

    private T[] Numbers<T>(string key)
        where T : unmanaged
    {
        T[] numbers = new T[Count($"items of {key}", System.Runtime.CompilerServices.Unsafe.SizeOf<T>(), MaxArray)];
        Fill(MemoryMarshal.AsBytes(numbers.AsSpan()));
        return numbers;
    }

    private string[] Texts(string key)
    {
        string[] texts = new string[Count($"items of {key}", 8, MaxArray)];
        for (int i = 0; i < texts.Length; i++) texts[i] = Text(key);
        return texts;
    }

    private ReadOnlySpan<byte> Take(int bytes)
    {
        Span<byte> taken = _number.AsSpan(0, bytes);
        Fill(taken);
        return taken;
    }

    private void Fill(Span<byte> bytes)
    {
        if (bytes.Length > Left)
            throw Broken(file.Length > MaxHead ? $"has a head of more than {MaxHead} bytes" : "is cut short within its head");
        file.ReadExactly(bytes);
        Position += bytes.Length;
    }

    public InputException Broken(string how) => new($"The GGUF file {how}.", path, "Download it again, or convert the model again.");
}
