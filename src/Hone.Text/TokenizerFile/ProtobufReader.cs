using System.Buffers.Binary;

namespace Hone.Text.TokenizerFile;

/// <summary>Reads the fields of one protobuf message. Every length is checked against what is left.</summary>
internal ref struct ProtobufReader(ReadOnlySpan<byte> message, string path)
{
    private const int VarintType = 0, Fixed64Type = 1, BytesType = 2, Fixed32Type = 5;
    private readonly string _path = path;
    private ReadOnlySpan<byte> _rest = message;
    private int _type;

    /// <summary>Number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Goes on to the next field; its value must then be read or skipped.</summary>
    public bool Next()
    {
        if (_rest.IsEmpty) return false;
        ulong tag = TakeVarint();
        if (tag >> 3 is 0 or > 0x1FFFFFFF) throw Broken();
        (Field, _type) = ((int)(tag >> 3), (int)(tag & 7));
        return true;
    }

    public int Integer()
    {
        Require(VarintType);
        return (int)(long)TakeVarint();
    }

    public bool Flag() => Integer() != 0;

    public float Single()
    {
        Require(Fixed32Type);
        return BinaryPrimitives.ReadSingleLittleEndian(Take(4));
    }

    public ReadOnlySpan<byte> Bytes()
    {
        Require(BytesType);
        return Take(TakeVarint());
    }

    public void Skip()
    {
        switch (_type)
        {
            case VarintType:
                TakeVarint();
                break;
            case Fixed64Type:
                Take(8);
                break;
            case BytesType:
                Take(TakeVarint());
                break;
            case Fixed32Type:
                Take(4);
                break;
            default:
                throw Broken();
        }
    }

    private readonly void Require(int type)
    {
        if (_type != type) throw Broken();
    }

    private ReadOnlySpan<byte> Take(ulong length)
    {
        if (length > (ulong)_rest.Length) throw Broken();
        ReadOnlySpan<byte> taken = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return taken;
    }

    private ulong TakeVarint()
    {
        ulong value = 0;
        for (int i = 0; i < 10 && i < _rest.Length; i++)
        {
            value |= (ulong)(_rest[i] & 0x7F) << (7 * i);
            if (_rest[i] < 0x80)
            {
                _rest = _rest[(i + 1)..];
                return value;
            }
        }
        throw Broken();
    }

    private readonly InputException Broken() => new(
        "the file is cut short, or is no SentencePiece model", _path, "download it again, or use the model's tokenizer.json");
}
