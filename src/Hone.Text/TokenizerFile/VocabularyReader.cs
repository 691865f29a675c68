using System.Text;
using System.Text.Json;
using Hone.Text.Bpe;

namespace Hone.Text.TokenizerFile;

/// <summary>Reads model.vocab and model.merges straight from the bytes of the file.</summary>
internal static class VocabularyReader
{
    private const int MaxTokenBytes = 64 << 10;

    /// <summary>Tokens as the file spells them, by id.</summary>
    public static TokenTable ReadVocabulary(ReadOnlyMemory<byte> json, string path)
    {
        if (json.IsEmpty) throw new InputException("model.vocab is missing", path);
        TokenTable vocabulary = new(expected: json.Length / 24);
        byte[] buffer = new byte[256];
        Utf8JsonReader reader = new(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject) throw new InputException("model.vocab must map tokens to ids", path);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<byte> token = Unescape(ref reader, ref buffer, path);
            reader.Read();
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id) || id is < 0 or > TokenTable.MaxId)
            {
                throw new InputException($"model.vocab: the id of {Show(token)} must be an integer from 0 to {TokenTable.MaxId}", path);
            }
            if (!vocabulary.TryAdd(token, id)) throw new InputException($"model.vocab: {Show(token)} or its id {id} appears twice", path);
        }
        return vocabulary;
    }

    /// <summary>Merges in order of rank, written "a b" or ["a","b"]. Both parts and their union must be in the vocabulary.</summary>
    public static MergeTable ReadMerges(ReadOnlyMemory<byte> json, TokenTable vocabulary, HashSet<int> control, string path)
    {
        MergeTable merges = new();
        if (json.IsEmpty) return merges;
        Utf8JsonReader reader = new(json.Span);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartArray) throw new InputException("model.merges must be a list", path);
        byte[] left = new byte[256], right = new byte[256], both = new byte[512];
        for (int rank = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; rank++)
        {
            ReadOnlySpan<byte> a, b;
            if (reader.TokenType == JsonTokenType.String)
            {
                ReadOnlySpan<byte> pair = Unescape(ref reader, ref left, path);
                int space = pair.IndexOf((byte)' ');
                if (space <= 0 || space == pair.Length - 1 || pair[(space + 1)..].Contains((byte)' '))
                {
                    throw new InputException($"model.merges[{rank}]: {Show(pair)} must be two tokens with a space between", path);
                }
                a = pair[..space];
                b = pair[(space + 1)..];
            }
            else
            {
                if (reader.TokenType != JsonTokenType.StartArray) throw NotAPair(rank, path);
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) throw NotAPair(rank, path);
                a = Unescape(ref reader, ref left, path);
                reader.Read();
                if (reader.TokenType != JsonTokenType.String) throw NotAPair(rank, path);
                b = Unescape(ref reader, ref right, path);
                reader.Read();
                if (reader.TokenType != JsonTokenType.EndArray) throw NotAPair(rank, path);
            }
            if (both.Length < a.Length + b.Length) both = new byte[a.Length + b.Length];
            a.CopyTo(both);
            b.CopyTo(both.AsSpan(a.Length));
            int first = Require(vocabulary, a, rank, path);
            int second = Require(vocabulary, b, rank, path);
            int merged = Require(vocabulary, both.AsSpan(0, a.Length + b.Length), rank, path);
            // Plain text never grows into a control token, whatever the merges say.
            if (!control.Contains(merged)) merges.Set(first, second, rank, merged);
        }
        return merges;
    }

    private static int Require(TokenTable vocabulary, ReadOnlySpan<byte> token, int rank, string path) =>
        vocabulary.TryGet(token, out int id)
            ? id
            : throw new InputException($"model.merges[{rank}] needs the token {Show(token)}, which is not in model.vocab", path);

    private static InputException NotAPair(int rank, string path) => new($"model.merges[{rank}] must be a pair of tokens", path);

    private static ReadOnlySpan<byte> Unescape(scoped ref Utf8JsonReader reader, scoped ref byte[] buffer, string path)
    {
        int length = reader.ValueSpan.Length;
        if (length > MaxTokenBytes) throw new InputException($"a token of {length} bytes; {MaxTokenBytes} is the most", path);
        if (!reader.ValueIsEscaped) return reader.ValueSpan;
        if (buffer.Length < length) buffer = new byte[length];
        try
        {
            return buffer.AsSpan(0, reader.CopyString(buffer));
        }
        catch (InvalidOperationException error)
        {
            throw new InputException($"a token is not valid Unicode: {error.Message}", path, inner: error);
        }
    }

    private static string Show(ReadOnlySpan<byte> token) => $"'{Encoding.UTF8.GetString(token[..Math.Min(token.Length, 80)])}'";
}
