using System.Text.Json;

namespace Hone.Models;

/// <summary>Reads JSON that came from outside (bounded size and depth, strict UTF-8, no duplicate names) and writes it.</summary>
internal static class JsonFile
{
    private const long MaxBytes = 64 << 20;

    /// <summary>The root object of the file.</summary>
    /// <exception cref="InputException">The file is missing, too large, no valid JSON, or not an object.</exception>
    public static JsonElement ReadObject(string path)
    {
        byte[] bytes;
        try
        {
            long length = new FileInfo(path).Length;
            if (length > MaxBytes) throw new InputException($"The file has {length} bytes, more than any {Path.GetFileName(path)} needs.", path);
            bytes = File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException("The file is missing.", path, "Give the path of a Hugging Face model folder.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The file cannot be read: {e.Message}", path, null, e);
        }

        return ParseObject(bytes, path);
    }

    /// <summary>Parses <paramref name="utf8"/> as one JSON object; <paramref name="where"/> goes into the error.</summary>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!System.Text.Unicode.Utf8.IsValid(utf8.Span)) throw new InputException("The text is not valid UTF-8.", where);
        try
        {
            using JsonDocument document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new InputException("The JSON is not an object.", where);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new InputException($"The JSON is not valid: {e.Message}", where, null, e);
        }
    }

    /// <summary>Writes one indented object, with line feeds on every system, and a final line feed.</summary>
    public static void Write(Stream stream, Action<Utf8JsonWriter> members)
    {
        using (Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }
}
