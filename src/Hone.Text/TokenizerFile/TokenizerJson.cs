using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>
/// A tokenizer.json cut into its sections. The vocabulary and the merges, nearly all of its bytes, are kept as slices of the file
/// and never become objects.
/// </summary>
internal sealed class TokenizerJson
{
    private readonly Dictionary<string, (int Start, int Length)> _sections = new(StringComparer.Ordinal);
    private readonly byte[] _bytes;

    private TokenizerJson(byte[] bytes, string path) => (_bytes, Path) = (bytes, path);

    public string Path { get; }

    public static TokenizerJson Read(string path)
    {
        TokenizerJson file = new(RegularFile.ReadBytes(path, JsonFile.MaxTokenizerBytes), path);
        RegularFile.RequireUtf8(file._bytes, path);
        try
        {
            Utf8JsonReader reader = new(file._bytes);
            reader.Read();
            file.Index(ref reader, "");
            while (reader.Read())
            {
            }
        }
        catch (JsonException error)
        {
            throw JsonFile.Broken(error, path);
        }
        return file;
    }

    /// <summary>Raw JSON of a section such as <c>model.vocab</c>; empty when it is absent or null.</summary>
    public ReadOnlyMemory<byte> Section(string name)
    {
        if (!_sections.TryGetValue(name, out (int Start, int Length) at)) return default;
        ReadOnlyMemory<byte> json = _bytes.AsMemory(at.Start, at.Length);
        return json.Span.SequenceEqual("null"u8) ? default : json;
    }

    /// <summary>A section as fields; null when it is absent or null.</summary>
    public JsonFields? Fields(string name)
    {
        ReadOnlyMemory<byte> json = Section(name);
        return json.IsEmpty ? null : JsonFile.Parse(json, $"{Path}: {name}");
    }

    private void Index(ref Utf8JsonReader reader, string prefix)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new InputException("a JSON object is expected", Path);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            string name = prefix + reader.GetString();
            reader.Read();
            int start = (int)reader.TokenStartIndex;
            if (name == "model" && reader.TokenType == JsonTokenType.StartObject) Index(ref reader, "model.");
            else reader.Skip();
            if (!_sections.TryAdd(name, (start, (int)reader.BytesConsumed - start)))
            {
                throw new InputException($"\"{name}\" appears twice", Path);
            }
        }
    }
}
