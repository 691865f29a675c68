using System.Text;

namespace Hone.Data;

/// <summary>The wire types of Thrift's compact protocol.</summary>
internal enum ThriftType : byte { Stop, True, False, I8, I16, I32, I64, Double, Binary, List, Set, Map, Struct }

/// <summary>
/// Reads Thrift's compact protocol, in which Parquet writes its footer and page headers. The bytes come from outside:
/// every length is held against what is there, and a value of another type than asked for is an error.
/// </summary>
/// <remarks>Source: thrift/doc/specs/thrift-compact-protocol.md. All methods throw <see cref="FormatException"/>.</remarks>
internal ref struct ThriftReader(ReadOnlySpan<byte> bytes)
{
    // Parquet nests 7 deep; this only keeps hostile nesting off the stack.
    private const int MaxDepth = 32;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private ThriftType _type;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Goes to the next field of a struct; false at its end. The field must then be read or skipped.</summary>
    /// <param name="id">0 before the first field, then whatever the last call set.</param>
    public bool Next(ref int id)
    {
        byte header = Byte();
        _type = (ThriftType)(header & 0xF);
        if (_type == ThriftType.Stop) return false;
        id = header >> 4 == 0 ? (int)ZigZag() : id + (header >> 4);
        return true;
    }

    public long Integer() => _type switch
    {
        ThriftType.I8 => (sbyte)Byte(),
        ThriftType.I16 or ThriftType.I32 or ThriftType.I64 => ZigZag(),
        _ => throw Wrong("a whole number"),
    };

    /// <summary>A truth value, which a field's type itself holds.</summary>
    public bool Flag() => _type switch { ThriftType.True => true, ThriftType.False => false, _ => throw Wrong("true or false") };

    public int Int32() => Integer() is var value && value == (int)value ? (int)value
        : throw new FormatException($"{value} is out of range");

    public string Text()
    {
        if (_type != ThriftType.Binary) throw Wrong("text");
        return Encoding.UTF8.GetString(Take(Length()));
    }

    /// <summary>Starts a list of items of one type; each must then be read or skipped. Gives their number.</summary>
    public int List(ThriftType of)
    {
        if (_type != ThriftType.List) throw Wrong("a list");
        int count = ListHeader();
        if (count > 0 && _type != of) throw Wrong($"a list of {of}");
        return count;
    }

    public void RequireStruct()
    {
        if (_type != ThriftType.Struct) throw Wrong("a struct");
    }

    /// <summary>Steps over the current value.</summary>
    public void Skip(int depth = 0)
    {
        if (depth > MaxDepth) throw new FormatException("values are nested too deeply");
        switch (_type)
        {
            case ThriftType.True or ThriftType.False:
                break;
            case ThriftType.I8:
                Byte();
                break;
            case ThriftType.I16 or ThriftType.I32 or ThriftType.I64:
                ZigZag();
                break;
            case ThriftType.Double:
                Take(8);
                break;
            case ThriftType.Binary:
                Take(Length());
                break;
            case ThriftType.List or ThriftType.Set:
                SkipItems(ListHeader(), depth);
                break;
            case ThriftType.Struct:
                for (int id = 0; Next(ref id);) Skip(depth + 1);
                break;
            default:
                throw new FormatException($"values of type {(int)_type} do not occur in Parquet");
        }
    }

    private void SkipItems(int count, int depth)
    {
        ThriftType of = _type;
        for (int i = 0; i < count; i++)
        {
            // In a list, unlike in a field, a truth value has a byte of its own.
            _type = of is ThriftType.True or ThriftType.False ? ThriftType.I8 : of;
            Skip(depth + 1);
        }
    }

    /// <summary>Number of items of the list; the current type becomes theirs.</summary>
    private int ListHeader()
    {
        byte header = Byte();
        _type = (ThriftType)(header & 0xF);
        // Every item has a byte at least.
        return header >> 4 == 15 ? Length() : header >> 4;
    }

    private int Length() => VarInt() is var n && n <= (ulong)(_bytes.Length - Position)
        ? (int)n
        : throw new ThriftEndException();

    private long ZigZag() => VarInt() is var n ? (long)(n >> 1) ^ -(long)(n & 1) : 0;

    private ulong VarInt()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) return value;
        }
        throw new FormatException("a number has too many bytes");
    }

    private byte Byte() => Take(1)[0];

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _bytes.Length - Position) throw new ThriftEndException();
        Position += count;
        return _bytes.Slice(Position - count, count);
    }

    private readonly FormatException Wrong(string expected) => new($"{_type} where {expected} must be");
}

/// <summary>The bytes end within a value.</summary>
internal sealed class ThriftEndException() : FormatException("the bytes end within a value");
