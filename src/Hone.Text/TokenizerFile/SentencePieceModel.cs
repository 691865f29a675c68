using System.Text;
using System.Text.Unicode;
using Hone.Text.Bpe;

namespace Hone.Text.TokenizerFile;

/// <summary>Kinds of pieces; the numbers are those of sentencepiece_model.proto.</summary>
internal enum PieceKind
{
    Normal = 1,
    Unknown = 2,
    Control = 3,
    UserDefined = 4,
    Unused = 5,
    Byte = 6,
}

/// <summary>What a SentencePiece tokenizer.model holds, after sentencepiece_model.proto.</summary>
internal sealed class SentencePieceModel
{
    private const int Bpe = 2;
    private const int MaxPieceBytes = 512;
    private static readonly string[] s_types = ["", "Unigram", "BPE", "Word", "Char"];
    private readonly string _path;
    private int _type = 1;

    private SentencePieceModel(string path) => _path = path;

    public List<(byte[] Text, float Score, PieceKind Kind)> Pieces { get; } = [];

    public bool ByteFallback { get; private set; }

    public string Bos { get; private set; } = "<s>";

    public string Eos { get; private set; } = "</s>";

    public string Pad { get; private set; } = "<pad>";

    /// <summary>Puts a space before the text.</summary>
    public bool AddsDummyPrefix { get; private set; } = true;

    /// <summary>Drops spaces at both ends and after another space.</summary>
    public bool CollapsesSpaces { get; private set; } = true;

    public static SentencePieceModel Read(ReadOnlySpan<byte> file, string path)
    {
        SentencePieceModel model = new(path);
        ProtobufReader reader = new(file, path);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    model.ReadPiece(new(reader.Bytes(), path));
                    break;
                case 2:
                    model.ReadTrainer(new(reader.Bytes(), path));
                    break;
                case 3:
                    model.ReadNormalizer(new(reader.Bytes(), path));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        if (model._type != Bpe)
        {
            string name = (uint)model._type < (uint)s_types.Length ? s_types[model._type] : $"number {model._type}";
            throw new InputException($"the SentencePiece model type {name} is not supported", path, "supported: BPE");
        }
        return model;
    }

    private void ReadPiece(ProtobufReader reader)
    {
        (byte[] text, float score, PieceKind kind) = ([], 0, PieceKind.Normal);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1:
                    text = reader.Bytes().ToArray();
                    break;
                case 2:
                    score = reader.Single();
                    break;
                case 3:
                    kind = (PieceKind)reader.Integer();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        string where = $"{_path}: piece {Pieces.Count}";
        if (Pieces.Count > TokenTable.MaxId) throw new InputException($"{TokenTable.MaxId + 1} pieces are the most", where);
        if (text.Length is 0 or > MaxPieceBytes || !Utf8.IsValid(text))
        {
            throw new InputException($"a piece must be 1 to {MaxPieceBytes} bytes of UTF-8", where);
        }
        if (float.IsNaN(score)) throw new InputException("the score is not a number", where);
        if (kind is not (PieceKind.Normal or PieceKind.Unknown or PieceKind.Control or PieceKind.UserDefined or PieceKind.Byte))
        {
            throw new InputException($"pieces of kind {kind} are not supported", where, "use the model's tokenizer.json");
        }
        Pieces.Add((text, score, kind));
    }

    private void ReadTrainer(ProtobufReader reader)
    {
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 3:
                    _type = reader.Integer();
                    break;
                case 24:
                    Refuse(reader.Flag(), "treat_whitespace_as_suffix");
                    break;
                case 35:
                    ByteFallback = reader.Flag();
                    break;
                case 46:
                    Bos = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                case 47:
                    Eos = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                case 48:
                    Pad = Encoding.UTF8.GetString(reader.Bytes());
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadNormalizer(ProtobufReader reader)
    {
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 2:
                    Refuse(!reader.Bytes().IsEmpty, "precompiled_charsmap (a normalizer other than identity)");
                    break;
                case 3:
                    AddsDummyPrefix = reader.Flag();
                    break;
                case 4:
                    CollapsesSpaces = reader.Flag();
                    break;
                case 5:
                    Refuse(!reader.Flag(), "escape_whitespaces = false");
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void Refuse(bool when, string what)
    {
        if (when) throw new InputException($"{what} is not supported in a SentencePiece model", _path, "use the model's tokenizer.json");
    }
}
