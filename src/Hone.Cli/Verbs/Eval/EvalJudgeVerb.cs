using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Evaluation;
using Hone.Runs;
using Hone.Runs.Metrics;

namespace Hone.Cli;

/// <summary><c>hone eval judge</c>: a judge reads stored answers; its judgments become a file, and the file figures.</summary>
internal static class EvalJudgeVerb
{
    public static Command Create(Streams io)
    {
        var task = new Argument<string>("TASK") { Description = "alpaca_eval, mt_bench, mt_bench_pair or arena_hard." };
        var answers = new Option<string?>("--answers")
        {
            Description = "The model's answers, from hone eval answer or the benchmark's own tools.",
        };
        var against = new Option<string?>("--baseline-answers")
        {
            Description = "The other side's answers: needed by mt_bench_pair, elsewhere in place of the benchmark's own baseline.",
        };
        var output = new Option<string?>("--output")
        {
            Description = "File to write the judgments to, in the benchmark's own layout; replies go beside it.",
        };
        var repeats = new Option<int>("--repeats")
        {
            Description = "Judge everything so many times, to see how far the judge differs from itself; default 1.",
            DefaultValueFactory = _ => 1,
        };
        var budget = new Option<double?>("--budget") { Description = "Most that this command may cost; needs both prices." };
        var promptPrice = new Option<double?>("--price-prompt") { Description = "Price of a million prompt tokens." };
        var completionPrice = new Option<double?>("--price-completion") { Description = "Price of a million completion tokens." };
        var command = new Verb("judge", "Let a judge compare or grade stored answers, and score them.", """
            The judge is any OpenAI-compatible endpoint or a model in this process. Each reply is stored as it arrives: the same
            command after a kill asks only what is missing. A reply without a usable verdict is in no figure and counted.

            Example:
              hone eval judge mt_bench --answers dpo.mt.jsonl --data questions --judge-base-url https://api.openai.com/v1 \
                --judge-model gpt-4-0613 --output dpo.mt.judged.jsonl --budget 20 --price-prompt 30 --price-completion 60
              hone eval judge alpaca_eval --answers dpo.alpaca.json --data questions --judge-model models/judge --output judged.json
            """)
        { task, answers, against, output, repeats, budget, promptPrice, completionPrice };
        var data = new DataFlag(command);
        var scores = new JudgedScores(command);
        var judge = new ModelFlags(command, "judge-");
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string name = parsed.GetRequiredValue(task);
            if (JudgedData.Tasks.All(t => t.Name != name))
                throw new InputException($"there is no judged benchmark `{name}`",
                    fix: $"There are {string.Join(", ", JudgedData.Tasks.Select(t => t.Name))}.");
            string Needed(Option<string?> option, string what) =>
                parsed.GetValue(option) ?? throw new InputException($"{option.Name} is needed: {what}");
            string own = Needed(answers, "the file of answers"), file = Needed(output, "the file to write the judgments to");
            var files = new JudgedData(data.Get(parsed, io));
            string other = parsed.GetValue(against) ?? name switch
            {
                "alpaca_eval" => files.AlpacaBaseline,
                "arena_hard" => files.ArenaBaseline,
                "mt_bench_pair" => throw new InputException("--baseline-answers is needed: the answers to compare with"),
                _ => "",
            };
            TokenPrices? prices = parsed.GetValue(promptPrice) is { } p && parsed.GetValue(completionPrice) is { } c
                ? new TokenPrices(p, c)
                : null;
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            using AskedModel opened = judge.Open(parsed, io);
            var metered = new MeteredModel(opened.Model, prices, parsed.GetValue(budget));
            using ReplyStore store = ReplyStore.Open(JudgedFile.Store(file));
            var options = new RequestOptions(store, (done, all) => display.Show(new ProgressStep(name, done, all, [], 0, 0)));
            int times = parsed.GetValue(repeats);
            JudgedRun run = (name switch
            {
                "alpaca_eval" => AlpacaJudge.JudgeAsync(metered, own, other, files.AlpacaPrompt, file, options, times, stop.Token),
                "mt_bench" => MtBenchJudge.JudgeAsync(
                    metered, files.MtBenchQuestions, own, files.MtBenchPrompts, file, options, times, stop.Token),
                "mt_bench_pair" => MtBenchPairJudge.JudgeAsync(
                    metered, files.MtBenchQuestions, own, other, files.MtBenchPrompts, file, options, times, stop.Token),
                _ => ArenaJudge.JudgeAsync(
                    metered, files.ArenaQuestions, own, other, files.ArenaPrompt, file, options, scores.Rule(parsed), times, stop.Token),
            }).GetAwaiter().GetResult();
            display.End();
            if (metered.Stopped is { } stopped) run = run with { Warnings = [.. run.Warnings, stopped] };
            string? baseline = name == "arena_hard" ? ArenaAnswer.Read(other).Values.First().Model : null;
            int verdicts = run.Rows * (name is "arena_hard" or "mt_bench_pair" ? 2 : 1);
            JsonObject[][] figures = verdicts <= run.Unusable + run.Failed ? [] :
                [.. run.Files.Select(f => scores.Of(name, f, parsed, io, files.AlpacaLengthControl, baseline)
                    .Select(s => s.Figures).ToArray())];
            JsonObject more = new()
            {
                ["cost"] = prices is null ? null : metered.Cost,
                ["scores"] = figures.Length == 0 ? null : new JsonArray([.. figures[0].Select(f => f.DeepClone())]),
                ["spread"] = figures.Length < 2
                    ? null
                    : new JsonArray([.. Enumerable.Range(0, figures[0].Length).Select(m => (JsonNode)Spread(figures, m))]),
            };
            EvalAnswerVerb.Report(io, common.Json(parsed), run, more);
            if (common.Json(parsed)) return 0;
            if (prices is not null) io.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"cost: {metered.Cost:0.####}"));
            foreach (JsonNode? row in (more["spread"] ?? more["scores"])?.AsArray() ?? [])
                JudgedScores.Print(io, (string)row!["model"]!, row.AsObject());
            return 0;
        });
        return command;
    }

    private static JsonObject Spread(JsonObject[][] figures, int model)
    {
        JsonObject spread = RepeatSpread.Of([.. figures.Select(f => f[model])]);
        spread.Insert(0, "model", (string?)figures[0][model]["model"]);
        return spread;
    }
}
