using System.Text.Json.Nodes;

namespace Hone.Runs;

/// <summary>
/// <c>stage.json</c>: what a stage was begun with and, once it is finished, every file it gave. The metrics file has
/// <paramref name="MetricsCheck"/> (<see cref="Metrics.MetricsLog.CheckOf"/>) up to <paramref name="MetricsAtEnd"/>,
/// which is the start for a stage that is not finished.
/// </summary>
internal sealed record StageManifest(
    IReadOnlyDictionary<string, string> Inputs, long MetricsAtStart, long MetricsAtEnd, long MetricsCheck, IReadOnlyList<FileDigest>? Outputs)
{
    internal const string FileName = "stage.json";

    internal static StageManifest Begin(StageInputs inputs, long metricsAtStart, long metricsCheck) => new(inputs.Values, metricsAtStart, metricsAtStart, metricsCheck, null);

    internal byte[] ToBytes()
    {
        JsonObject json = new()
        {
            ["finished"] = Outputs is not null,
            ["metrics_at_start"] = MetricsAtStart,
            ["metrics_at_end"] = MetricsAtEnd,
            ["metrics_check"] = MetricsCheck,
            ["inputs"] = new JsonObject(Inputs.Select(i => KeyValuePair.Create(i.Key, (JsonNode?)i.Value))),
        };
        if (Outputs is not null) json["outputs"] = new JsonArray([.. Outputs.Select(f => (JsonNode)f.ToJson())]);
        return SealedJson.Seal(json);
    }

    internal static StageManifest? Read(string path, out string? problem)
    {
        JsonObject? json = SealedJson.Read(path, out problem);
        if (json is null) return null;
        try
        {
            return new(
                json["inputs"]!.AsObject().ToDictionary(i => i.Key, i => (string)i.Value!),
                (long)json["metrics_at_start"]!,
                (long)json["metrics_at_end"]!,
                (long)json["metrics_check"]!,
                (bool)json["finished"]! ? [.. json["outputs"]!.AsArray().Select(FileDigest.FromJson)] : null);
        }
        catch (Exception e) when (e is NullReferenceException or FormatException or InvalidOperationException)
        {
            problem = $"{FileName} is of another version: {e.Message}";
            return null;
        }
    }
}
