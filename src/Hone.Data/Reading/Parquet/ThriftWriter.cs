using System.Text;

namespace Hone.Data;

/// <summary>Writes Thrift's compact protocol, as far as a Parquet footer needs it. Fields must come in rising order.</summary>
internal sealed class ThriftWriter
{
    private readonly List<byte> _bytes = [];
    private readonly Stack<int> _ids = new([0]);

    public byte[] ToArray() => [.. _bytes];

    public void Int32(int id, int value) => Field(id, ThriftType.I32).ZigZag(value);

    public void Int64(int id, long value) => Field(id, ThriftType.I64).ZigZag(value);

    public void Text(int id, string value) => Field(id, ThriftType.Binary).Text(value);

    public void List(int id, ThriftType of, int count)
    {
        Field(id, ThriftType.List)._bytes.Add((byte)(0xF0 | (int)of));
        VarInt((ulong)count);
    }

    /// <summary>An item of a list of texts.</summary>
    public void Text(string value)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(value);
        VarInt((ulong)utf8.Length);
        _bytes.AddRange(utf8);
    }

    /// <summary>An item of a list of numbers.</summary>
    public void ZigZag(long value) => VarInt((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void BeginStruct(int id)
    {
        Field(id, ThriftType.Struct);
        BeginStruct();
    }

    /// <summary>An item of a list of structs.</summary>
    public void BeginStruct() => _ids.Push(0);

    public void EndStruct()
    {
        _ids.Pop();
        _bytes.Add(0);
    }

    private ThriftWriter Field(int id, ThriftType type)
    {
        _bytes.Add((byte)(((id - _ids.Pop()) << 4) | (int)type));
        _ids.Push(id);
        return this;
    }

    private void VarInt(ulong value)
    {
        for (; value >= 0x80; value >>= 7) _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }
}
