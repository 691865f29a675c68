using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Small files of rows.</summary>
internal static class Rows
{
    public const int Count = 24;

    /// <summary>Conversations of one turn; one question and answer for each.</summary>
    public static string Conversations(string path) => Write(path, i => new JsonObject
    {
        ["messages"] = new JsonArray(Message("user", $"Question {i}, please?"), Message("assistant", $"Answer {i}.")),
    });

    public static string Preferences(string path) => Write(path, i => new JsonObject
    {
        ["prompt"] = $"Question {i}, please?",
        ["chosen"] = $"Answer {i}.",
        ["rejected"] = "No.",
    });

    public static string Prompts(string path) => Write(path, i => new JsonObject { ["prompt"] = $"Question {i}, please?" });

    public static string Write(string path, Func<int, JsonObject> row, int count = Count)
    {
        File.WriteAllLines(path, Enumerable.Range(0, count).Select(i => row(i).ToJsonString()));
        return path;
    }

    public static JsonNode[] Read(string path) => [.. File.ReadLines(path).Select(line => JsonNode.Parse(line)!)];

    private static JsonObject Message(string role, string content) => new() { ["role"] = role, ["content"] = content };
}
