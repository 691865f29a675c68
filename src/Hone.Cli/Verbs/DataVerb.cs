using Hone.Inference;
using System.CommandLine;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;
using Hone.Workflow.Inspection;
using Spectre.Console;

namespace Hone.Cli;

/// <summary><c>hone data</c>: look at data before it is trained on.</summary>
internal static class DataVerb
{
    private const int MostSkipped = 5;

    public static Command Create(Streams io) =>
        new("data", "Look at data before it is trained on.") { Inspect(io), DataLettersVerb.Create(io) };

    private static Verb Inspect(Streams io)
    {
        var files = new Argument<string[]>("FILE")
        {
            Description = "Files, folders or patterns of rows of one kind, or hf://datasets/owner/name.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var data = new Option<string[]>("--data") { Description = "The same as FILE.", AllowMultipleArgumentsPerToken = true };
        Option<string> model = StageOptions.Folder("--model", "Folder of the model; its tokenizer and chat template are enough.");
        Option<string?> template = TemplateFlag.Create();
        var kind = new Option<string?>("--kind") { Description = "What the rows are; default: by their columns." };
        kind.AcceptOnlyFromAmong([.. Enum.GetNames<RowKind>().Select(n => n.ToLowerInvariant())]);
        var rows = new Option<int>("--rows") { Description = "How many rows to show.", DefaultValueFactory = _ => 3 };
        var row = new Option<int?>("--row") { Description = "Show this row alone, counted from 1." };
        var maxLength = new Option<int?>("--max-length") { Description = "Most tokens of an example; default: the recipe's." };
        var maxPrompt = new Option<int?>("--max-prompt-length") { Description = "Most tokens of a prompt; default: the recipe's." };
        var truncation = new Option<string?>("--truncation")
        {
            Description = "What happens to rows that are too long; default: drop, as in training.",
        };
        truncation.AcceptOnlyFromAmong([.. LengthPolicies.Names]);
        var eval = new Option<string[]>("--eval")
        {
            Description = "Evaluation sets to look for in the rows: files (JSONL, JSON, Parquet, CSV, text) or folders.",
            AllowMultipleArgumentsPerToken = true,
        };
        var ngram = new Option<int>("--ngram")
        {
            Description = "Words in a row that count as overlap, 8 to 50.",
            DefaultValueFactory = _ => 13,
        };
        var html = new Option<string?>("--html") { Description = "File to write as a page, too." };
        var noColor = new Option<bool>("--no-color") { Description = "Brackets in place of colours." };
        var recipe = new Option<string?>("--recipe")
        {
            Description = "Recipe whose filters, cleaning, lengths and loss hold; default: the recipe defaults.",
        };
        var command = new Verb("inspect", "Show rows as they are trained on, and what is wrong with them.", """
            Prints rendered rows with the tokens that are learnt, lengths, what is dropped or cut and why, duplicates, and
            with --eval the rows that share 13 words in a row with an evaluation item. The recipe's weights, limits and
            held-out parts are not applied: every row is looked at, and numbered from 1 through all files.

            Example:
              hone data inspect pairs.jsonl --model models/sft
              hone data inspect sft.jsonl --model models/base --eval eval/gsm8k eval/mmlu --html look.html
            """)
        { files, data, model, template, kind, rows, row, maxLength, maxPrompt, truncation, eval, ngram, html, noColor, recipe };
        var columns = new ColumnsFlag(command);
        var recipeOptions = new RecipeOptions(command);
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            IReadOnlyList<RecipeOverride> overrides = [.. recipeOptions.Overrides(parsed), .. columns.Overrides(parsed)];
            Recipe settings = (parsed.GetValue(recipe) is { } path
                ? ResolvedRecipe.Load(path, overrides)
                : ResolvedRecipe.Parse("", "recipe defaults", overrides)).Value;
            string[] given = [.. parsed.GetValue(files) ?? [], .. parsed.GetValue(data) ?? []];
            if (given.Length == 0)
                throw new InputException("hone data inspect needs FILE", fix: "hone data inspect --help shows how it is used.");
            IReadOnlyList<string> paths = DataFile.Expand(io.Data(given));
            int shown = Within("--rows", parsed.GetValue(rows), 0, 10_000);
            int? only = parsed.GetValue(row) is { } one ? Within("--row", one, 1, int.MaxValue) : null;
            NgramIndex? evaluation =
                Evaluation(parsed.GetValue(eval) ?? [], Within("--ngram", parsed.GetValue(ngram), NgramIndex.LeastWords, 50), io);
            ModelText text = Load(io.Model(parsed.GetRequiredValue(model)), parsed.GetValue(template));
            if (text.PlainNote is { } plain) io.Error.WriteLine(plain);
            RowKind rowKind = parsed.GetValue(kind) is { } named ? RowKinds.Parse(named) : RowKinds.Detect(settings, paths[0]);
            io.Error.WriteLine($"{paths[0]}: rows of {rowKind.ToString().ToLowerInvariant()}"
                + (parsed.GetValue(kind) is null ? " by their columns (--kind says otherwise)" : ""));
            LengthRule Lengths(LengthRule rule) => rule with
            {
                MaxLength = parsed.GetValue(maxLength) is { } length ? Within("--max-length", length, 2, 1 << 24) : rule.MaxLength,
                MaxPromptLength = parsed.GetValue(maxPrompt) is { } length2
                    ? Within("--max-prompt-length", length2, 1, 1 << 24)
                    : rule.MaxPromptLength,
                Policy = parsed.GetValue(truncation) is { } policy ? LengthPolicies.Parse(policy) : rule.Policy,
            };
            StageLengths[] stages = [.. StageLengths.Of(rowKind, settings, text).Select(s => s with { Rule = Lengths(s.Rule) })];
            DataInspection inspection = DataInspection.Of(paths, rowKind, text, settings, stages,
                (number, kept) => only is { } k ? number == k : kept < shown, evaluation);
            if (only is { } asked && inspection.Rows.Count == 0)
                throw new InputException($"row {asked} is not there: it was dropped, or refused, "
                    + $"or the {inspection.Files.Sum(f => f.Read.Read)} rows end before it", paths[^1]);
            if (rowKind == RowKind.Sft && settings.Sft.PackingLength is { } block)
                io.Error.WriteLine($"the recipe packs what is kept into blocks of {block} tokens; rows are shown before that");
            if (parsed.GetValue(html) is { } page) InspectionPage.Write(inspection, page);
            if (common.Json(parsed)) ResultPrinter.PrintJson(io.Out, InspectionJson.Of(inspection));
            else Write(io, inspection, color: io.Colors && !parsed.GetValue(noColor));
            return 0;
        });
        return command;
    }

    private static int Within(string name, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new InputException($"{name} is {value}, it must be {least} to {most}");

    private static ModelText Load(string folder, string? template)
    {
        if (template is null) return ModelText.Load(folder);
        return ModelText.Load(folder, NamedTemplates.Format(template, folder).Template);
    }

    private static NgramIndex? Evaluation(string[] paths, int n, Streams io)
    {
        if (paths.Length == 0) return null;
        var index = new NgramIndex(n);
        foreach (string path in paths)
        {
            List<string> skipped = [];
            foreach (EvaluationItem item in EvaluationFiles.Read(path, skipped)) index.Add(item);
            foreach (string file in skipped.Take(MostSkipped)) io.Error.WriteLine($"{path}: not looked for: {file}");
            if (skipped.Count > MostSkipped)
                io.Error.WriteLine($"{path}: not looked for: {skipped.Count - MostSkipped} more files; name one to have it looked for");
        }
        return index;
    }

    private static void Write(Streams io, DataInspection inspection, bool color)
    {
        var settings = new AnsiConsoleSettings { Ansi = color ? AnsiSupport.Yes : AnsiSupport.No, Out = new AnsiConsoleOutput(io.Out) };
        new InspectionText(AnsiConsole.Create(settings), color).Write(inspection);
    }
}
