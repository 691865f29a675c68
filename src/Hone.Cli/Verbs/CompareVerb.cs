using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Cli;

/// <summary><c>hone compare</c>: is one model better than the other, or is it chance?</summary>
internal static class CompareVerb
{
    public static Command Create(Streams io)
    {
        var first = new Argument<string>("A") { Description = "Folder of an evaluation with its items logged (hone eval --log-samples)." };
        var second = new Argument<string>("B") { Description = "The other one." };
        var seed = new Option<int>("--seed") { Description = "Seed of the bootstrap; default 0." };
        var command = new Verb("compare", "Compare two evaluations item by item.", """
            For every task and metric that both have: the two means on the items that both have, B minus A with its 95%
            interval (bootstrap over items), and the chance to see such a difference between equals (exact McNemar for
            right-or-wrong metrics, random sign flips for others). Logs of lm_eval are read as well.

            Example:
              hone compare results/sft results/dpo
            """)
        { first, second, seed };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            IReadOnlyDictionary<string, string> a = ResultFolder.Samples(parsed.GetRequiredValue(first)),
                b = ResultFolder.Samples(parsed.GetRequiredValue(second));
            string[] tasks = [.. a.Keys.Where(b.ContainsKey)];
            if (tasks.Length == 0)
                throw new InputException($"the two have no task in common: {string.Join(", ", a.Keys)} and {string.Join(", ", b.Keys)}");
            List<(string Task, string Metric, PairedComparison Result)> rows = [];
            foreach (string task in tasks)
            {
                var (ofA, ofB) = (SampleLog.Read(a[task]), SampleLog.Read(b[task]));
                foreach (string metric in ofA.Keys.Where(ofB.ContainsKey))
                    rows.Add((task, metric, PairedComparison.Of(ofA[metric], ofB[metric], (ulong)parsed.GetValue(seed))));
            }
            if (common.Json(parsed))
                ResultPrinter.PrintJson(io.Out, new JsonArray([.. rows.Select(r => (JsonNode)Json(r.Task, r.Metric, r.Result))]));
            else Print(io, rows);
            foreach (string only in a.Keys.Concat(b.Keys).Where(t => !tasks.Contains(t)).Distinct())
                io.Error.WriteLine($"{only}: only one of the two has it");
            foreach ((string task, string metric, PairedComparison r) in rows.Where(r => r.Result.OnlyFirst + r.Result.OnlySecond > 0))
                io.Error.WriteLine($"{task} {metric}: left out {r.OnlyFirst} items that only A has and {r.OnlySecond} that only B has");
            return 0;
        });
        return command;
    }

    private static void Print(Streams io, List<(string Task, string Metric, PairedComparison Result)> rows)
    {
        int task = Math.Max(4, rows.Max(r => r.Task.Length)), metric = Math.Max(6, rows.Max(r => r.Metric.Length));
        io.Out.WriteLine($"{"task".PadRight(task)}  {"metric".PadRight(metric)}  items       A       B     B-A   95% interval          p");
        foreach ((string name, string what, PairedComparison r) in rows)
            io.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{name.PadRight(task)}  {what.PadRight(metric)}  {r.Items,5}  {r.First,6:F4}  "
                    + $"{r.Second,6:F4}  {r.Difference.Value,6:+0.0000;-0.0000;0.0000}   "
                    + $"{r.Difference.Low,7:+0.0000;-0.0000;0.0000}..{r.Difference.High,7:+0.0000;-0.0000;0.0000}  {r.P,7:G3}"));
    }

    private static JsonObject Json(string task, string metric, PairedComparison r) => new()
    {
        ["task"] = task,
        ["metric"] = metric,
        ["items"] = r.Items,
        ["only_a"] = r.OnlyFirst,
        ["only_b"] = r.OnlySecond,
        ["a"] = r.First,
        ["b"] = r.Second,
        ["difference"] = r.Difference.Value,
        ["low"] = r.Difference.Low,
        ["high"] = r.Difference.High,
        ["p"] = r.P,
        ["test"] = r.Test,
    };
}
