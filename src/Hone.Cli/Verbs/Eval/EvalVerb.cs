using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Runs;
using Hone.Runs.Metrics;

namespace Hone.Cli;

/// <summary><c>hone eval</c>: benchmarks.</summary>
internal static class EvalVerb
{
    public static Command Create(Streams io)
    {
        var command = new Verb("eval", "Measure a model on benchmarks.", """
            Every answer is stored as it arrives, in answers.db under --output-path: the same command after a kill asks only
            what is missing. The table goes to stdout, results_*.json (and with --log-samples samples_*.jsonl) into the
            folder, in the layout of lm-evaluation-harness.

            Examples:
              hone eval --model models/dpo --data questions --tasks mmlu,arc_challenge --num-fewshot 5 --log-samples
              hone eval --model models/dpo --data questions --preset rlhf-workflow
              hone eval --model models/dpo --task my-task.yaml
              hone eval list --data questions
            """)
        {
            EvalListVerb.Create(io),
            EvalAnswerVerb.Create(io),
            EvalJudgeVerb.Create(io),
            EvalScoreVerb.Create(io),
            RewardBenchVerb.Create(io),
            EvalTableVerb.Create(io),
        };
        var options = new EvalOptions(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            (IReadOnlyList<EvalTask> tasks, var groups) = options.Tasks(parsed, io);
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            using AskedModel model = options.Open(parsed, io);
            string output = options.Output(parsed, model.Info);
            foreach (EvalTask task in tasks.DistinctBy(t => t.Group ?? t.Name))
                display.Say($"{task.Group ?? task.Name}: {task.NumFewshot}-shot, "
                    + $"{string.Join(", ", task.Settings.Select(s => $"{s.Key} {s.Value}"))}");
            long begun = TimeProvider.System.GetTimestamp();
            List<TaskRun> runs = [];
            using (ReplyStore store = ReplyStore.Open(Path.Combine(output, "answers.db")))
            {
                foreach (EvalTask task in tasks)
                    runs.Add(TaskRunner.RunAsync(task, model.Model, store, options.PredictOnly(parsed),
                        (done, all) => display.Show(new ProgressStep(task.Name, done, all, [], 0, 0)), stop.Token)
                        .GetAwaiter().GetResult());
            }
            display.End();
            if (options.PredictOnly(parsed))
            {
                ResultPrinter.Print(io.Out, common.Json(parsed), ("answers", Path.Combine(output, "answers.db")),
                    ("asked", runs.Sum(r => r.Asked)), ("stored_before", runs.Sum(r => r.Stored)));
                return 0;
            }
            var report = new EvalReport(model.Info, runs, groups, Config(parsed, options, model),
                TimeProvider.System.GetUtcNow(), TimeProvider.System.GetElapsedTime(begun));
            string file = ResultFolder.Write(output, report, options.LogSamples(parsed));
            if (common.Json(parsed)) io.Out.WriteLine(report.ToJson());
            else io.Out.Write(report.Table());
            foreach (string warning in report.Warnings) io.Error.WriteLine($"warning: {warning}");
            io.Error.WriteLine($"results: {file}   asked {runs.Sum(r => r.Asked)}, stored before {runs.Sum(r => r.Stored)}");
            return 0;
        });
        return command;
    }

    private static Dictionary<string, JsonNode?> Config(ParseResult parsed, EvalOptions options, AskedModel model) => new()
    {
        ["preset"] = options.Preset(parsed),
        ["parameters"] = model.Parameters,
        ["context_length"] = model.Info.ContextLength,
        ["command"] = string.Join(' ', parsed.Tokens.Select(t => t.Value)),
    };
}
