using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Cli;

/// <summary><c>hone eval list</c>: which tasks there are, what they need, and whether it is there.</summary>
internal static class EvalListVerb
{
    public static Command Create(Streams io)
    {
        var command = new Verb("list", "List tasks and groups, and the files that each needs.", """
            Nothing is downloaded by itself: put the files into a folder, under these names, and give it as --data, or name
            the data set on a hub: --data hf://datasets/openai/gsm8k.

            Example:
              hone eval list --data questions
            """);
        var data = new DataFlag(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            IReadOnlyList<string>? folders = data.IsGiven(parsed) ? data.Get(parsed, io) : null;
            (TaskEntry Entry, string State)[] rows = [.. TaskCatalog.Tasks.Select(t => (t, folders is null ? "" : State(t, folders)))];
            if (common.Json(parsed))
            {
                static JsonNode Row(string task, string needs, string? state) =>
                    new JsonObject { ["task"] = task, ["needs"] = needs, ["state"] = state };
                ResultPrinter.PrintJson(io.Out, new JsonArray(
                    [.. rows.Select(r => Row(r.Entry.Name, r.Entry.Needs, folders is null ? null : r.State)),
                    .. JudgedData.Tasks.Select(t => Row(t.Name, t.Needs, "judged"))]));
                return 0;
            }
            foreach ((string name, _, IReadOnlyList<string> tasks) in TaskCatalog.Groups)
                io.Out.WriteLine($"{name,-40} group of {tasks.Count} tasks");
            foreach ((TaskEntry entry, string state) in rows)
                io.Out.WriteLine($"{entry.Name,-40} {(state.Length > 0 ? $"{state}: " : "")}{entry.Needs}");
            io.Out.WriteLine("judged (hone eval answer, hone eval judge):");
            foreach (JudgedTask judged in JudgedData.Tasks) io.Out.WriteLine($"{judged.Name,-40} {judged.Needs}");
            io.Out.WriteLine("reward models (hone eval reward-bench):");
            io.Out.WriteLine($"{"reward_bench",-40} filtered.jsonl, or the hub's data/filtered-*.parquet (allenai/reward-bench)");
            return 0;
        });
        return command;
    }

    private static string State(TaskEntry entry, IReadOnlyList<string> folders)
    {
        try
        {
            return $"{entry.Create(new TaskOptions { Data = folders }).Items.Count} items";
        }
        catch (InputException e)
        {
            return $"not there ({e.Message.Split('\n')[0]})";
        }
    }
}
