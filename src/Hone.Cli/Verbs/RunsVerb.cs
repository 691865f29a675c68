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
            State: finished, running, stopped (hone run --resume FOLDER goes on with it), or damaged.

            Example:
              hone runs
            """)
        { folder };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string root = parsed.GetRequiredValue(folder);
            // Before the first run the usual folder is not there; one that was named should be.
            if (!Directory.Exists(root) && parsed.GetResult(folder) is { Tokens.Count: > 0 })
                throw new InputException("there is no such folder", root,
                    "hone runs FOLDER lists the runs in it; without FOLDER, in runs/.");
            string[][] rows = [.. RunFolder.List(root).Select(run => Row(run.Path, run.Manifest, run.Problem))];
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

    private static string[] Row(string path, RunManifest? manifest, string? problem)
    {
        string state = RunFolder.StateOf(path, manifest) + (problem is null ? "" : $": {problem}");
        return [path, manifest?.Name ?? "", manifest?.Created ?? "", manifest?.Finished ?? "", state];
    }

    private static void Print(TextWriter output, string[][] rows)
    {
        int[] widths = [.. s_columns.Select((_, i) => rows.Max(r => r[i].Length))];
        foreach (string[] row in rows) output.WriteLine(string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd());
    }
}
