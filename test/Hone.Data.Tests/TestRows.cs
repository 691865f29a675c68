using Hone.Text;

namespace Hone.Data.Tests;

/// <summary>Short ways to write rows and files in tests.</summary>
internal static class TestRows
{
    public static ChatMessage User(string text) => ChatMessage.User(text);

    public static ChatMessage Assistant(string text) => ChatMessage.Assistant(text);

    public static PromptRow Prompt(string text) => new([User(text)]);

    public static SampleRow Sample(double[] rewards, string[]? responses = null, string[]? finish = null, int[][]? ids = null) =>
        new([User("q")], responses ?? [.. rewards.Select((_, i) => $"answer {i}")], ids, FinishReasons: finish, Rewards: rewards);

    /// <summary>Writes a file, reads it, and gives rows and report.</summary>
    public static (T[] Rows, DataReport Report) Read<T>(string content, Func<string, DataReport, IEnumerable<T>> read)
    {
        using TempFolder folder = new();
        string path = folder.File("rows.json");
        File.WriteAllText(path, content);
        DataReport report = new("rows.json");
        return ([.. read(path, report)], report);
    }

    public static InputException Refused<T>(string content, Func<string, DataReport, IEnumerable<T>> read) =>
        Assert.Throws<InputException>(() => Read(content, read));
}
