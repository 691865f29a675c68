using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Runs;

namespace Hone.Cli;

/// <summary><c>hone runs</c>: the runs of a folder.</summary>
internal static class RunsVerb
{
    private static readonly string[] s_columns = ["folder", "name", "created", "finished", "state"];

    public static Command Create(Streams io)
    {
        var folder = new Argument<string>("folder") { Description = "Folder that holds the runs.", DefaultValueFactory = _ => "runs" };
        var command = new Verb("runs", "List the runs of a folder.", """
            State: finished, running, or stopped (hone run --resume FOLDER goes on with it).

            Example:
              hone runs
            """)
        { folder };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string root = parsed.GetRequiredValue(folder);
            string[][] rows = [.. RunFolder.List(root).Select(run => Row(run.Path, run.Manifest))];
            if (common.Json(parsed))
            {
                ResultPrinter.PrintJson(io.Out, new JsonArray([.. rows.Select(row => (JsonNode)new JsonObject(
                    s_columns.Zip(row, (name, value) => KeyValuePair.Create(name, value.Length == 0 ? null : (JsonNode?)value))))]));
            }
            else if (rows.Length == 0) io.Error.WriteLine($"no runs in {root}");
            else Print(io.Out, [s_columns, .. rows]);
            return 0;
        });
        return command;
    }

    private static string[] Row(string path, JsonObject manifest)
    {
        string finished = (string?)manifest["finished"] ?? "";
        string state = RunFolder.InUse(path) ? "running" : finished.Length > 0 ? "finished" : "stopped";
        return [path, (string?)manifest["name"] ?? "", (string?)manifest["created"] ?? "", finished, state];
    }

    private static void Print(TextWriter output, string[][] rows)
    {
        int[] widths = [.. s_columns.Select((_, i) => rows.Max(r => r[i].Length))];
        foreach (string[] row in rows) output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }
}
