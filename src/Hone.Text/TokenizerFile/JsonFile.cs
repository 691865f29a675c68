using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>JSON files of a model folder, read whole and bounded in size and depth.</summary>
internal static class JsonFile
{
    /// <summary>Most bytes of a tokenizer.json; the largest published one has about 35 MB.</summary>
    public const long MaxTokenizerBytes = 64L << 20;

    // Every other file or section becomes a document. The largest published tokenizer_config.json has about 1 MB.
    private const int MaxDocumentBytes = 8 << 20;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    public static JsonFields? TryReadObject(string path)
    {
        if (!File.Exists(path)) return null;
        byte[] bytes = RegularFile.ReadBytes(path, MaxDocumentBytes);
        RegularFile.RequireUtf8(bytes, path);
        JsonFields fields = Parse(bytes, Path.GetFileName(path));
        return fields.Element.ValueKind == JsonValueKind.Object ? fields
            : throw new InputException("the file must hold a JSON object", path);
    }

    public static JsonFields Parse(ReadOnlyMemory<byte> json, string where)
    {
        if (json.Length > MaxDocumentBytes)
        {
            throw new InputException($"this has {json.Length} bytes; {MaxDocumentBytes} are the most", where);
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, s_options);
            return new(document.RootElement.Clone(), where);
        }
        catch (JsonException error)
        {
            throw Broken(error, where);
        }
    }

    public static InputException Broken(JsonException error, string where)
    {
        string place = error.LineNumber is long line ? $"{where}:{line + 1}" : where;
        return new InputException($"this is not valid JSON: {error.Message}", place, inner: error);
    }
}
