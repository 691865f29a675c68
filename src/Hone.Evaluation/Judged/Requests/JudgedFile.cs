using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <summary>Files of answers and judgments: written beside the target and renamed, so that none is ever half written.</summary>
internal static class JudgedFile
{
    /// <summary>Where the replies behind a file are kept: <c>answers.db</c> beside it.</summary>
    public static string Store(string path) => Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "answers.db");

    /// <summary>One row a line, as FastChat and Arena-Hard have it.</summary>
    internal static void WriteLines(string path, IEnumerable<JsonObject> rows) =>
        Write(path, rows.Select(r => r.ToJsonString(ReplyJson.Compact)));

    /// <summary>A JSON array, one row a line, as alpaca_eval has it.</summary>
    internal static void WriteArray(string path, IReadOnlyList<JsonObject> rows) =>
        Write(path, ["[", .. rows.Select((r, i) => r.ToJsonString(ReplyJson.Compact) + (i < rows.Count - 1 ? "," : "")), "]"]);

    /// <summary>The file of a repeat: the first has the name given, the others <c>NAME.r2.json</c> and so on.</summary>
    internal static string OfRepeat(string path, int repeat) => repeat == 1 ? path
        : Path.Combine(Path.GetDirectoryName(path) ?? "", $"{Path.GetFileNameWithoutExtension(path)}.r{repeat}{Path.GetExtension(path)}");

    internal static void RequireRepeats(int repeats)
    {
        if (repeats is < 1 or > 100) throw new InputException($"{repeats} repeats; there must be 1 to 100");
    }

    private static void Write(string path, IEnumerable<string> lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        Durable.WriteFile(path, file =>
        {
            using StreamWriter writer = new(file, leaveOpen: true) { NewLine = "\n" };
            foreach (string line in lines) writer.WriteLine(line);
        });
    }
}
