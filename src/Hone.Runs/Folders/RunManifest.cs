using System.Text.Json.Nodes;

namespace Hone.Runs;

/// <summary>
/// <c>manifest.json</c> of a run: its name and times, where each value of its recipe came from, the threads that it computes with
/// and, once it is finished, the files that nothing else vouches for.
/// </summary>
public sealed record RunManifest
{
    internal const string FileName = "manifest.json";

    public required string Name { get; init; }

    /// <summary>UTC, as <c>2025-01-31T12:00:00Z</c>.</summary>
    public required string Created { get; init; }

    /// <summary>As <see cref="Created"/>; null while stages are left to be done.</summary>
    public string? Finished { get; init; }

    /// <summary>Threads of the last process that computed; null before the first, and in runs of earlier versions.</summary>
    public int? Threads { get; init; }

    /// <summary>Of each key of the recipe its value and where that came from.</summary>
    internal IReadOnlyDictionary<string, (string Value, string Origin)> Origins { get; init; } =
        new Dictionary<string, (string, string)>();

    /// <summary>The files of the finished run as they were left.</summary>
    internal IReadOnlyList<FileDigest> Files { get; init; } = [];

    internal byte[] ToBytes() => SealedJson.Seal(new JsonObject
    {
        ["hone"] = typeof(RunManifest).Assembly.GetName().Version?.ToString(3),
        ["name"] = Name,
        ["created"] = Created,
        ["finished"] = Finished,
        ["threads"] = Threads,
        ["files"] = new JsonArray([.. Files.Select(f => (JsonNode)f.ToJson())]),
        ["origins"] = new JsonObject(Origins.Select(r => KeyValuePair.Create(r.Key,
            (JsonNode?)new JsonObject { ["value"] = r.Value.Value, ["origin"] = r.Value.Origin }))),
    });

    /// <summary>The manifest of a run folder, or null and why it cannot be trusted.</summary>
    internal static RunManifest? Read(string folder, out string? problem)
    {
        JsonObject? json = SealedJson.Read(System.IO.Path.Combine(folder, FileName), out problem);
        if (json is null) return null;
        try
        {
            return new RunManifest
            {
                Name = (string?)json["name"] ?? throw new FormatException("it has no name"),
                Created = (string?)json["created"] ?? throw new FormatException("it has no time"),
                Finished = (string?)json["finished"],
                Threads = (int?)json["threads"],
                Files = [.. (json["files"]?.AsArray() ?? []).Select(FileDigest.FromJson)],
                Origins = (json["origins"]?.AsObject() ?? [])
                    .ToDictionary(o => o.Key, o => ((string)o.Value!["value"]!, (string)o.Value["origin"]!)),
            };
        }
        catch (Exception e) when (SealedJson.IsOfAnotherShape(e))
        {
            problem = $"{FileName} was not written by Hone, or by another version: {e.Message}";
            return null;
        }
    }
}
