using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Workflow.Tests.Loop;

/// <summary>Every file of a run folder as text or bytes that a seed decides: two runs that should be equal have equal ones.</summary>
internal static partial class Artefacts
{
    // What time and the process decide.
    private static readonly string[] s_ofTheProcess = ["log.jsonl", "timing.jsonl", "run.lock", "run.owner", "digests.json"];

    /// <summary>Path to SHA-256, all but what time, memory and the machine decide.</summary>
    internal static SortedDictionary<string, string> Of(string runFolder)
    {
        var digests = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in Directory.EnumerateFiles(runFolder, "*", SearchOption.AllDirectories))
        {
            string name = Path.GetRelativePath(runFolder, path).Replace('\\', '/');
            if (!s_ofTheProcess.Contains(name))
                digests[name] = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Content(name, path)));
        }
        return digests;
    }

    /// <summary>Fails with the names of all files that differ.</summary>
    internal static void AssertEqual(string expected, string actual)
    {
        SortedDictionary<string, string> a = Of(expected), b = Of(actual);
        Assert.Equal([], a.Keys.Union(b.Keys).Where(k => a.GetValueOrDefault(k, "(missing)") != b.GetValueOrDefault(k, "(missing)")));
    }

    private static byte[] Content(string name, string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        switch (name)
        {
            case "results.json":
                JsonObject json = JsonNode.Parse(bytes)!.AsObject();
                foreach (string key in new[] { "wall_seconds", "peak_memory_bytes", "machine" }) Assert.True(json.Remove(key), key);
                foreach (JsonNode? stage in json["stages"]!.AsArray()) Assert.True(stage!.AsObject().Remove("seconds"));
                return Encoding.UTF8.GetBytes(json.ToJsonString());
            case "manifest.json":
                JsonObject manifest = JsonNode.Parse(bytes)!.AsObject();
                // Digests of files that time decides, and the hash over them.
                foreach (string key in new[] { "files", "threads", "sha256" }) Assert.True(manifest.Remove(key), key);
                return Encoding.UTF8.GetBytes(manifest.ToJsonString());
            case "report.html":
                return Encoding.UTF8.GetBytes(Meta().Replace(Encoding.UTF8.GetString(bytes), ""));
            default:
                return bytes;
        }
    }

    [GeneratedRegex("<p class=\"meta\">[^<]*</p>|<section id=\"run\">.*?</section>", RegexOptions.Singleline)]
    private static partial Regex Meta();
}
