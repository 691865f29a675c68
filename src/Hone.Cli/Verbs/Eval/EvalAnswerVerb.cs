using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Runs;
using Hone.Runs.Metrics;

namespace Hone.Cli;

/// <summary><c>hone eval answer</c>: a model's answers to a judged benchmark, as a file that is judged later or elsewhere.</summary>
internal static class EvalAnswerVerb
{
    public static Command Create(Streams io)
    {
        var task = new Argument<string>("TASK") { Description = "alpaca_eval, mt_bench or arena_hard." };
        var questions = new Option<string?>("--questions") { Description = "The file of questions, in place of the one in --data." };
        var output = new Option<string?>("--output") { Description = "File to write the answers to; stored answers go beside it." };
        var system = new Option<string?>("--system-instruction") { Description = "System message before every question." };
        var tokens = new Option<int?>("--max-gen-toks") { Description = "Longest answer, in tokens; default: the benchmark's own." };
        var temperature = new Option<double?>("--temperature") { Description = "Default: the benchmark's own, in MT-Bench by category." };
        var seed = new Option<ulong>("--seed") { Description = "Seed of sampled answers; default 0.", DefaultValueFactory = _ => 0UL };
        var limit = new Option<int?>("--limit") { Description = "Only the first questions." };
        var command = new Verb("answer", "Answer a judged benchmark's questions.", """
            Writes the answers in the benchmark's own layout: alpaca_eval's model_outputs, FastChat's and Arena-Hard's
            model_answer. Every answer is stored as it arrives (answers.db beside the file): the same command after a kill asks
            only what is missing.

            Example:
              hone eval answer mt_bench --model models/dpo --data questions --output dpo.mt.jsonl
              hone eval answer alpaca_eval --base-url http://127.0.0.1:8000/v1 --data questions --output dpo.alpaca.json
            """)
        { task, questions, output, system, tokens, temperature, seed, limit };
        var data = new DataFlag(command);
        var model = new ModelFlags(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string name = parsed.GetRequiredValue(task),
                file = parsed.GetValue(output) ?? throw new InputException("--output is needed: the file to write the answers to");
            if (name is not ("alpaca_eval" or "mt_bench" or "arena_hard"))
                throw new InputException($"there is no judged benchmark `{name}`", fix: "There are alpaca_eval, mt_bench and arena_hard.");
            var files = new JudgedData(parsed.GetValue(questions) is null ? data.Get(parsed, io) : []);
            string asked = parsed.GetValue(questions)
                ?? name switch { "alpaca_eval" => files.AlpacaBaseline, "mt_bench" => files.MtBenchQuestions, _ => files.ArenaQuestions };
            var settings = new AnswerSettings
            {
                SystemInstruction = parsed.GetValue(system), MaxNewTokens = Positive(parsed.GetValue(tokens), tokens),
                Temperature = parsed.GetValue(temperature), Seed = parsed.GetValue(seed), Limit = Positive(parsed.GetValue(limit), limit),
            };
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            using AskedModel opened = model.Open(parsed, io);
            using ReplyStore store = ReplyStore.Open(JudgedFile.Store(file));
            var options = new RequestOptions(store, (done, all) => display.Show(new ProgressStep(name, done, all, [], 0, 0)));
            JudgedRun run = (name switch
            {
                "alpaca_eval" => AlpacaAnswers.GenerateAsync(opened.Model, asked, file, options, settings, stop.Token),
                "mt_bench" => MtBenchAnswers.GenerateAsync(opened.Model, asked, file, options, settings, stop.Token),
                _ => ArenaAnswers.GenerateAsync(opened.Model, asked, file, options, settings, cancel: stop.Token),
            }).GetAwaiter().GetResult();
            display.End();
            Report(io, common.Json(parsed), run);
            return 0;
        });
        return command;
    }

    internal static void Report(Streams io, bool json, JudgedRun run, JsonObject? more = null)
    {
        if (json)
        {
            JsonObject figures = JsonSerializer.SerializeToNode(run)!.AsObject();
            foreach ((string name, JsonNode? value) in more ?? []) figures[name] = value?.DeepClone();
            ResultPrinter.PrintJson(io.Out, figures);
            return;
        }
        foreach (string line in run.Lines()) (line.StartsWith("warning", StringComparison.Ordinal) ? io.Error : io.Out).WriteLine(line);
        foreach (string file in run.Files) io.Out.WriteLine($"written: {file}");
    }

    internal static int? Positive(int? value, Option option) =>
        value is < 1 ? throw new InputException($"{option.Name} is {value}, it must be 1 or above") : value;
}
