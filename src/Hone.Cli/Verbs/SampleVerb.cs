using System.CommandLine;
using Hone.Data;
using Hone.Inference;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone sample</c>: answers of a model to prompts.</summary>
internal static class SampleVerb
{
    public static Command Create(Streams io)
    {
        Option<string> model = StageOptions.Folder("--model", "Folder of the language model.");
        Option<string[]> prompts = StageOptions.Files("--data",
            "Prompts, or rows that hold some: files or folders (.jsonl, .json, .csv, .parquet, packed or not).", "--prompts");
        var count = new Option<int?>("--n") { Description = "Answers per prompt." };
        var command = new Verb("sample", "Sample answers to prompts from a model.", """
            Rows hold `prompt`, `messages` or `context_messages`; a prompt that is there twice is used once. Without
            --n, --temperature, --top-p and --top-k the groups under online.samples in the recipe hold (8 answers, half
            at temperature 1.0, half at 0.7). Each answer depends on its prompt and the seed only. Until all are there the
            work lies in OUTPUT.training; the same command with --resume goes on with it after a kill. With --shard 2/4
            the second quarter of the prompts is answered, so that four machines share the work; the four files one after
            the other are what one machine writes.

            Examples:
              hone sample --model models/sft --data prompts.jsonl --n 8 --temperature 1 --output samples.jsonl
              hone sample --model models/sft --data prompts.jsonl --schema person.json --output people.jsonl
            """)
        { model, prompts, count };
        var sampling = new SamplingFlags(command);
        Option<string?> format = FormatFlag.Create();
        command.Add(format);
        var workers = new WorkersFlag(command);
        var answers = new AnswerFormatFlags(command);
        var shard = new TextOption("--shard") { Description = "Answer this part of the prompts only, such as 2/4.", HelpName = "i/n" };
        command.Add(shard);
        var options = new StageOptions(command, resumable: true, columns: true);
        options.Act(command, io, parsed =>
        {
            string output = options.Output(parsed);
            OutputConstraint? wanted = answers.Of(parsed);
            PromptShard? part = parsed.GetValue(shard) is { } given ? PromptShard.Parse(given) : null;
            List<RecipeOverride> flags = [];
            if (sampling.MaxNewTokens(parsed) is { } most)
                flags.Add(RecipeOverride.Flag("--max-new-tokens", "online.max_new_tokens", $"{most}"));
            if (FormatFlag.Of(parsed, format) is { } chosen)
                flags.Add(RecipeOverride.Flag("--format", "sampling.format", chosen.ToString().ToLowerInvariant()));
            flags.AddRange(workers.Overrides(parsed));
            ResolvedRecipe recipe = options.Resolve(parsed, flags);
            IReadOnlyList<SampleOptions> groups = Groups(recipe.Value.Online, parsed.GetValue(count), sampling, parsed);
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            io.GoOn = io.Resumed();
            SampleRow[] rows = [];
            string folder = io.Model(parsed.GetRequiredValue(model), recipe.Value.Template);
            IReadOnlyList<string> files = DataFile.Expand(io.Data(parsed.GetRequiredValue(prompts)));
            SingleStage.WriteFile(output, options.Resume(parsed), options.Redo(parsed), recipe, display, TimeProvider.System,
                run =>
                {
                    string made = SampleStage.Run(run, folder, files, groups, wanted, part);
                    rows = [.. RowFile.ReadSamples(made)];
                    return made;
                }, stop.Token);
            if (rows.Length == 0)
            {
                ResultPrinter.Print(io.Out, options.Json(parsed), ("samples", output)); // it was there already
                return 0;
            }
            ResultPrinter.Print(io.Out, options.Json(parsed),
                ("samples", output),
                ("prompts", rows.Length),
                ("answers_per_prompt", rows[0].Count),
                ("mean_tokens", rows.SelectMany(r => r.ResponseIds!).Average(a => (double)a.Length)),
                ("ended", rows.SelectMany(r => r.FinishReasons!).Average(f => f == FinishReasons.Stop ? 1.0 : 0)));
            return 0;
        });
        return command;
    }

    private static IReadOnlyList<SampleOptions> Groups(OnlineOptions o, int? n, SamplingFlags sampling, ParseResult parsed)
    {
        (double? temperature, double? topP, int? topK) = (sampling.Temperature(parsed), sampling.TopP(parsed), sampling.TopK(parsed));
        if (n is < 1) throw new InputException($"--n is {n}, it must be 1 or above");
        if (n is null && temperature is null && topP is null && topK is null) return o.Samples;
        var usual = new SampleOptions();
        sampling.Check(parsed, samples: (temperature ?? usual.Temperature) > 0);
        return
        [
            new()
            {
                Count = n ?? o.Samples.Sum(s => s.Count),
                Temperature = temperature ?? usual.Temperature,
                TopP = topP ?? usual.TopP,
                TopK = topK ?? usual.TopK,
            },
        ];
    }
}
