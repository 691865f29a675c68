using System.Text.Json;
using System.Text.Json.Serialization;
using Hone.Data;

namespace Hone.Runs;

/// <summary>Reads and writes <see cref="RunResults"/> as JSON (snake_case, every key always present).</summary>
public static class RunResultsJson
{
    /// <summary>Larger files are refused: a results file holds figures and a handful of sample answers.</summary>
    public const long MaxBytes = 64L << 20;

    public static string ToJson(RunResults results) => JsonSerializer.Serialize(results, RunResultsContext.Default.RunResults);

    /// <exception cref="InputException">The file is missing, too large, not JSON, or lacks a required key.</exception>
    public static RunResults Read(string path)
    {
        FileInfo file = new(path);
        if (!file.Exists) throw new InputException("there is no results file.", path, "Finish the run first: its last stage writes it.");
        if (file.Length > MaxBytes) throw new InputException($"the results file is larger than {MaxBytes >> 20} MiB.", path);
        try
        {
            using FileStream stream = file.OpenRead();
            RunResults? results = JsonSerializer.Deserialize(stream, RunResultsContext.Default.RunResults);
            return results ?? throw new InputException("the file holds null in place of results.", path);
        }
        catch (JsonException e)
        {
            throw new InputException($"not a results file: {e.Message}", path, inner: e);
        }
    }

    /// <summary>Writes beside the target and renames, so that a reader never sees half a file.</summary>
    public static void Write(RunResults results, string path) => Durable.WriteText(path, ToJson(results) + "\n");
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    WriteIndented = true,
    NewLine = "\n",
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(RunResults))]
internal sealed partial class RunResultsContext : JsonSerializerContext;
