using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>A <c>results_TIME.json</c> of <c>hone eval</c> or of lm-evaluation-harness.</summary>
/// <param name="Identity">What else tells the model from others of its name; empty where the file does not say.</param>
/// <param name="Settings">What was asked, by key: of the whole evaluation, and of each task behind its name.</param>
internal sealed record EvaluationFile(string Model, string Identity, IReadOnlyList<EvaluatedTask> Tasks,
    IReadOnlyDictionary<string, string> Settings, IReadOnlyList<string> Warnings)
{
    private static readonly string[] s_sections = ["configs", "n-shot", "versions", "files"];

    /// <exception cref="InputException">It is no such file, or it is damaged.</exception>
    public static EvaluationFile Read(string path)
    {
        JsonNode json = ResultFolder.Results(path)[0];
        string folder = Path.GetDirectoryName(path)!, time = TimeOf(path);
        EvaluatedTask[] tasks = [.. ((JsonObject)json["results"]!).Where(t => t.Value is JsonObject).Select(t => new EvaluatedTask(t.Key,
            EvaluatedTask.FiguresOf((JsonObject)t.Value!, Items(json, t.Key)), Parts(json, t.Key), Log(folder, t.Key, time)))
            .Where(t => t.Figures.Count > 0)];
        return new EvaluationFile(Text(json["model_name"]) ?? "unnamed", Text(json["model_identity"]) ?? "", tasks, SettingsOf(json),
            json["warnings"] is JsonArray warnings ? [.. warnings.Select(Text).OfType<string>()] : []);
    }

    /// <summary>The time in a file's name, which sorts as text: <c>2026-11-29T07-34-06.123456</c>.</summary>
    public static string TimeOf(string path) => Path.GetFileNameWithoutExtension(path).Split('_')[^1];

    private static string? Log(string folder, string task, string time)
    {
        // A name from a file becomes no path.
        string path = Path.Combine(folder, $"samples_{task}_{time}.jsonl");
        return task.AsSpan().IndexOfAny('/', '\\') < 0 && File.Exists(path) ? path : null;
    }

    private static int? Items(JsonNode json, string task) =>
        Section(Section(json, "n-samples"), task)?["effective"] is JsonValue value && value.TryGetValue(out int items) ? items : null;

    private static string[] Parts(JsonNode json, string task) =>
        Section(json, "group_subtasks")?[task] is JsonArray parts ? [.. parts.Select(Text).OfType<string>()] : [];

    private static Dictionary<string, string> SettingsOf(JsonNode json)
    {
        Dictionary<string, string> settings = [];
        foreach ((string key, JsonNode? value) in Section(json, "config") ?? [])
            if (key != "command" && value is not null) settings[key] = Shown(value);
        foreach (string name in s_sections)
            foreach ((string task, JsonNode? value) in Section(json, name) ?? [])
                if (value is JsonObject inner)
                    foreach ((string key, JsonNode? set) in inner) settings[$"{task}: {key}"] = set is null ? "null" : Shown(set);
                else if (value is not null) settings[name == "files" ? $"file {task}" : $"{task}: {name}"] = Shown(value);
        return settings;
    }

    private static string Shown(JsonNode value) => Text(value) ?? value.ToJsonString(ReplyJson.Compact);

    private static JsonObject? Section(JsonNode? json, string name) => (json as JsonObject)?[name] as JsonObject;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue(out string? text) ? text : null;
}
