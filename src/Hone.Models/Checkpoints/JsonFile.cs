using Hone.Text;
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
            if (!Path.Exists(path)) throw new FileNotFoundException();
            using FileStream file = RegularFile.Open(path);
            bytes = ReadAtMost(file, path);
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

    // A link to a device has no length and no end: the limit holds for what is read, not for what the file says of itself.
    private static byte[] ReadAtMost(FileStream file, string path)
    {
        using MemoryStream read = new();
        byte[] piece = new byte[1 << 16];
        for (int count; (count = file.Read(piece)) > 0;)
        {
            if (read.Length + count > MaxBytes)
                throw new InputException($"The file has more than {MaxBytes} bytes, more than any {Path.GetFileName(path)} needs.", path);
            read.Write(piece, 0, count);
        }
        return read.ToArray();
    }

    /// <summary>Parses <paramref name="utf8"/> as one JSON object; <paramref name="where"/> goes into the error.</summary>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> utf8, string where)
    {
        if (!System.Text.Unicode.Utf8.IsValid(utf8.Span)) throw new InputException("The text is not valid UTF-8.", where);
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                utf8, new JsonDocumentOptions { MaxDepth = 64, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw new InputException("The JSON is not an object.", where);
            if (utf8.Span.IndexOf("\\u"u8) >= 0) RequireTexts(document.RootElement);
            return document.RootElement.Clone();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // the latter: half of a surrogate pair
        {
            throw new InputException($"The JSON is not valid: {e.Message}", where, null, e);
        }
    }

    // An escape may name half of a surrogate pair, which is no text. System.Text.Json finds that out when the text is asked for,
    // which here is now.
    private static void RequireTexts(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (JsonElement item in value.EnumerateArray()) RequireTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (JsonProperty property in value.EnumerateObject()) RequireTexts(property.Value);
                break;
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
