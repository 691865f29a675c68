using System.Text.Json;

namespace Hone.Text.TokenizerFile;

/// <summary>JSON files of a model folder, read whole and bounded in size and depth.</summary>
internal static class JsonFile
{
    // The largest published tokenizer.json is about 35 MB.
    private const long MaxBytes = 256L << 20;
    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = 64 };

    public static byte[] ReadBytes(string path, long maxBytes = MaxBytes)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new InputException("the file does not exist", path, "give a folder that holds a Hugging Face tokenizer");
        if (file.Length > maxBytes) throw new InputException($"the file has {file.Length} bytes; {maxBytes} is the most that is read", path);
        byte[] bytes = File.ReadAllBytes(path);
        return bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;
    }

    public static JsonFields? TryReadObject(string path)
    {
        if (!File.Exists(path)) return null;
        JsonFields fields = Parse(ReadBytes(path), Path.GetFileName(path));
        return fields.Element.ValueKind == JsonValueKind.Object ? fields : throw new InputException("the file must hold a JSON object", path);
    }

    public static JsonFields Parse(ReadOnlyMemory<byte> json, string where)
    {
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
