using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Workflow;
using Hone.Workflow.Recipes;

namespace Hone.Cli;

/// <summary><c>hone data inspect</c>: rows as they will be trained on.</summary>
internal static class DataVerb
{
    public static Command Create(Streams io) => new("data", "Look at data before training on it.") { Inspect(io) };

    private static Verb Inspect(Streams io)
    {
        var files = new Argument<string[]>("FILE") { Description = "Files, folders, patterns, or hf://datasets/owner/name.", Arity = ArgumentArity.OneOrMore };
        Option<string> model = StageOptions.Folder("--model", "Model whose tokenizer and chat template hold; a folder with these is enough.");
        var kind = new Option<string?>("--kind") { Description = "sft, preferences or prompts; default: what the first row fits." };
        var shown = new Option<int>("--rows") { Description = "Rows to show; default 3.", DefaultValueFactory = _ => 3 };
        var row = new Option<int?>("--row") { Description = "Show this row, counted from 1, in place of the first ones." };
        var maxLength = new Option<int?>("--max-length") { Description = "Most tokens of a sequence; default: the recipe's." };
        var maxPrompt = new Option<int?>("--max-prompt-length") { Description = "Most tokens of a prompt." };
        var policy = new Option<string>("--truncation") { Description = "drop, keep_end_of_prompt or faithful (the public pipeline's, which loses BOS and EOS).", DefaultValueFactory = _ => "drop" };
        Option<string[]> evaluation = new("--eval") { Description = "Question files or folders that no row may overlap with.", AllowMultipleArgumentsPerToken = true };
        var words = new Option<int>("--ngram") { Description = $"Words in a row that make an overlap; default {NgramOverlap.UsualWords}.", DefaultValueFactory = _ => NgramOverlap.UsualWords };
        var recipe = new Option<string?>("--recipe") { Description = "Recipe whose lengths, filters and cleaning rules hold." };
        var command = new Verb("inspect", "Show rows as they will be trained on, and count what is in a file.", """
            Reads, renders and measures by the same code as training: token ids, which of them are learnt (coloured, or
            between [[ ]] where there are no colours), lengths, what would be dropped or cut and why, duplicates, and
            overlap with evaluation files by words in a row.

            Example:
              hone data inspect pairs.jsonl --model models/sft --eval questions/ --rows 2
            """)
        { files, model, kind, shown, row, maxLength, maxPrompt, policy, evaluation, words, recipe };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            IReadOnlyList<string> paths = DataFile.Expand(io.Data(parsed.GetRequiredValue(files)));
            string what = Kind(parsed.GetValue(kind), paths[0]);
            Recipe settings = (parsed.GetValue(recipe) is { } path ? ResolvedRecipe.Load(path) : ResolvedRecipe.Parse("", "recipe defaults")).Value;
            ModelText text = ModelText.Load(io.Model(parsed.GetRequiredValue(model)));
            LengthRule usual = DataInspection.RuleOf(settings, what, text.Tokenizer.BosId);
            var rule = new LengthRule(parsed.GetValue(maxLength) ?? usual.MaxLength, parsed.GetValue(maxPrompt) ?? usual.MaxPromptLength, Policy(parsed.GetRequiredValue(policy)), usual.BosId);
            var overlap = new NgramOverlap(parsed.GetValue(words));
            foreach ((string name, string question) in (parsed.GetValue(evaluation) ?? []).SelectMany(EvaluationTexts.Read)) overlap.Add(name, question);
            var inspection = new DataInspection(text, what, rule, settings.Sft.LossOn == LossOn.All ? SftLoss.All : SftLoss.Assistant, overlap);
            RowFilter[] filters = [.. settings.Data.Filters.Select(RowFilter.Parse)];
            Cleaning cleaning = FileInputs.Clean(settings);
            bool json = common.Json(parsed);
            var view = new RowView(io, text.Tokenizer);
            List<DataReport> reports = [];
            List<(int Row, string With)> overlaps = [];
            foreach (string file in paths)
            {
                DataReport read = new(file), cleaned = new($"{file}, cleaned");
                foreach (InspectedRow found in inspection.Rows(file, read, filters, cleaning, cleaned))
                {
                    if (!json && (parsed.GetValue(row) is { } one ? found.Number == one : found.Number <= parsed.GetValue(shown))) view.Show(found);
                    if (found.Overlap is not null && overlaps.Count < 20) overlaps.Add((found.Number, found.Overlap));
                }
                reports.Add(read);
                if (cleaned.DroppedCount > 0) reports.Add(cleaned);
            }
            reports.Add(inspection.Fitted);
            if (json) Facts.PrintJson(io.Out, Json(what, inspection, reports, overlap, overlaps));
            else Print(io, what, inspection, reports, overlap, overlaps);
            return 0;
        });
        return command;
    }

    private static string Kind(string? asked, string file)
    {
        IReadOnlyList<string> kinds = asked is null ? DataReader.Kinds(file) : [asked];
        if (kinds.Count == 0) throw new InputException("the first row fits no known layout", file, "See docs/data-formats.md; --kind names what it should be, and the reason why it is not.");
        return kinds[0] is "sft" or "preferences" or "prompts" ? kinds[0] : throw new InputException($"--kind is {asked}, it must be sft, preferences or prompts");
    }

    private static LengthPolicy Policy(string name) => name switch
    {
        "drop" => LengthPolicy.Drop,
        "keep_end_of_prompt" => LengthPolicy.KeepEndOfPrompt,
        "faithful" => LengthPolicy.Faithful,
        _ => throw new InputException($"--truncation is {name}, it must be drop, keep_end_of_prompt or faithful"),
    };

    private static void Print(Streams io, string kind, DataInspection i, List<DataReport> reports, NgramOverlap overlap, List<(int Row, string With)> overlaps)
    {
        foreach (DataReport report in reports) io.Out.WriteLine(report);
        LengthHistogram lengths = i.Lengths;
        io.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kind}: {lengths.Count} sequences, {lengths.Tokens} tokens, {i.LearntTokens} learnt; length median {lengths.Quantile(.5)}, 95% {lengths.Quantile(.95)}, longest {lengths.Most}"));
        long highest = Math.Max(1, lengths.Bins().Select(b => b.Count).DefaultIfEmpty().Max());
        foreach ((int from, int to, long count) in lengths.Bins())
            io.Out.WriteLine($"  {from,6}-{to - 1,-6} {count,8} {new string('#', (int)(count * 40 / highest))}");
        io.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"duplicates: {i.Duplicates.Duplicates} of {i.Duplicates.Texts} rows ({Share(i.Duplicates.Duplicates, i.Duplicates.Texts):F2}%)"));
        if (overlap.Texts == 0) return;
        io.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"overlap with {overlap.Texts} evaluation texts: {i.Overlapping} rows ({Share(i.Overlapping, i.Duplicates.Texts):F2}%); {overlap.TooShort} texts too short to look for"));
        foreach ((int row, string with) in overlaps) io.Out.WriteLine($"  row {row}: {with}");
    }

    private static double Share(int part, int all) => all == 0 ? 0 : 100.0 * part / all;

    private static JsonObject Json(string kind, DataInspection i, List<DataReport> reports, NgramOverlap overlap, List<(int Row, string With)> overlaps) => new()
    {
        ["kind"] = kind,
        ["files"] = new JsonArray([.. reports.Select(r => (JsonNode)new JsonObject
        {
            ["source"] = r.Source, ["layout"] = r.Layout, ["read"] = r.Read, ["kept"] = r.Kept, ["dropped"] = Counts(r.Dropped), ["changed"] = Counts(r.Changed),
        })]),
        ["sequences"] = i.Lengths.Count,
        ["tokens"] = i.Lengths.Tokens,
        ["learnt_tokens"] = i.LearntTokens,
        ["length"] = new JsonObject { ["median"] = i.Lengths.Quantile(.5), ["p95"] = i.Lengths.Quantile(.95), ["max"] = i.Lengths.Most },
        ["histogram"] = new JsonArray([.. i.Lengths.Bins().Select(b => (JsonNode)new JsonArray(b.From, b.To, b.Count))]),
        ["duplicates"] = i.Duplicates.Duplicates,
        ["overlapping"] = i.Overlapping,
        ["evaluation_texts"] = overlap.Texts,
        ["evaluation_texts_too_short"] = overlap.TooShort,
        ["overlaps"] = new JsonArray([.. overlaps.Select(o => (JsonNode)new JsonObject { ["row"] = o.Row, ["with"] = o.With })]),
    };

    private static JsonObject Counts(IReadOnlyDictionary<string, int> counts) => new(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)c.Value)));
}
