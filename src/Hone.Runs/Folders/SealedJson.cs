using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Runs;

/// <summary>
/// A JSON file whose last key, <c>sha256</c>, is the hash of the rest, so that a change of any single bit is seen. The
/// hashed text is the file without that key.
/// </summary>
internal static class SealedJson
{
    private const string Before = ",\n  \"sha256\": \"";
    private const string After = "\"\n}\n";
    private const int Format = 1;
    private const int MaxBytes = 64 << 20;
    private static readonly JsonDocumentOptions s_strict = new() { AllowDuplicateProperties = false };
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true, NewLine = "\n" };

    /// <summary>Whether reading a member failed because it is missing or of another kind: a sealed file of another version.</summary>
    internal static bool IsOfAnotherShape(Exception e) =>
        e is NullReferenceException or FormatException or InvalidOperationException or OverflowException or ArgumentException;

    /// <summary>The bytes of the file; <c>format</c> is added as its first key.</summary>
    internal static byte[] Seal(JsonObject content)
    {
        content.Insert(0, "format", Format);
        return Encoding.UTF8.GetBytes(Seal(content.ToJsonString(s_indented)));
    }

    /// <summary>Reads a sealed file, or says in <paramref name="problem"/> why it cannot be trusted.</summary>
    internal static JsonObject? Read(string path, out string? problem)
    {
        string name = Path.GetFileName(path);
        FileInfo file = new(path);
        problem = !file.Exists ? $"{name} is missing"
            : file.Length == 0 ? $"{name} is empty"
            : file.Length > MaxBytes ? $"{name} is too large" : null;
        if (problem is not null) return null;
        byte[] bytes = File.ReadAllBytes(path);
        string text = Encoding.UTF8.GetString(bytes);
        int seal = Before.Length + 64 + After.Length;
        if (text.Length <= seal)
        {
            problem = $"{name} is cut off";
            return null;
        }
        string body = text[..^seal] + "\n}";
        if (!bytes.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(Seal(body))))
        {
            string expected = Printable(text[^(64 + After.Length)..^After.Length]);
            problem = $"{name} is damaged or cut off: expected sha256 {expected}, found {Hash(body)}";
            return null;
        }
        try
        {
            JsonObject content = JsonNode.Parse(body, documentOptions: s_strict)!.AsObject();
            if (content["format"] is JsonValue format && format.TryGetValue(out int number) && number == Format) return content;
            problem = $"{name} has format {content["format"]?.ToJsonString() ?? "(none)"}, this version of Hone reads {Format}";
            return null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problem = $"{name} is not a JSON object: {e.Message}";
            return null;
        }
    }

    private static string Seal(string body) => body[..^2] + Before + Hash(body) + After;

    private static string Hash(string body) => FileDigest.Hex(SHA256.HashData(Encoding.UTF8.GetBytes(body)));

    private static string Printable(string text) => string.Concat(text.Select(c => c is > ' ' and < '\u007f' ? c : '?'));
}
