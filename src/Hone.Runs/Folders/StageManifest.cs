using System.Text.Json.Nodes;

namespace Hone.Runs;

/// <summary><c>stage.json</c>: what a stage was begun with and, once it is finished, every file it gave.</summary>
internal sealed record StageManifest(IReadOnlyDictionary<string, string> Inputs, IReadOnlyList<FileDigest>? Outputs)
{
    internal const string FileName = "stage.json";

    // What inputs are and how they are written; 1 had keys of the data in place of its content.
    private const int Identity = 2;

    internal byte[] ToBytes()
    {
        JsonObject json = new()
        {
            ["identity"] = Identity,
            ["finished"] = Outputs is not null,
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
            if ((int?)json["identity"] is var identity && identity != Identity)
            {
                problem = $"{FileName} was written by another version of Hone, which identified stages in another way ({identity ?? 1}; "
                    + $"this one: {Identity})";
                return null;
            }
            return new(
                json["inputs"]!.AsObject().ToDictionary(i => i.Key, i =>
                    (string?)i.Value ?? throw new FormatException($"the input {i.Key} is null")),
                (bool)json["finished"]! ? [.. json["outputs"]!.AsArray().Select(FileDigest.FromJson)] : null);
        }
        catch (Exception e) when (SealedJson.IsOfAnotherShape(e))
        {
            problem = $"{FileName} is of another version: {e.Message}";
            return null;
        }
    }
}
