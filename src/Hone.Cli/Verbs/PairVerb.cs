using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary><c>hone pair</c>: a preference pair per prompt from scored answers.</summary>
internal static class PairVerb
{
    public static Command Create(Streams io)
    {
        Option<string> samples =
            StageOptions.Folder("--data", "File of hone score, or any rows with `prompt`, `responses` and `rewards`.", "--samples");
        var penalty = new Option<double?>("--length-penalty")
        {
            Description = "Taken off the reward per length unit before pairing; 0 = off.",
        };
        var unit = new Option<string?>("--length-unit") { Description = "characters or tokens." };
        var rule = new Option<string?>("--rule") { Description = "max_min (best against worst), max_random or max_second." };
        var unfinished = new Option<bool>("--exclude-unfinished") { Description = "Leave answers that were cut off out of the pairs." };
        var command = new Verb("pair", "Make preference pairs from scored answers.", """
            Each prompt gives one pair: its best answer against another. Ties and equal answers are dropped and counted.
            Without flags the settings under online in the recipe hold.

            Example:
              hone pair --data scored.jsonl --length-penalty 0.001 --output pairs.jsonl
            """)
        { samples, penalty, unit, rule, unfinished };
        var options = new StageOptions(command, renders: false);
        options.Act(command, io, parsed =>
        {
            string output = options.NewFile(parsed), file = parsed.GetRequiredValue(samples);
            var own = new List<RecipeOverride>();
            if (parsed.GetValue(penalty) is { } p)
                own.Add(RecipeOverride.Flag("--length-penalty", "online.length_penalty", p.ToString("R")));
            if (parsed.GetValue(unit) is { } u) own.Add(RecipeOverride.Flag("--length-unit", "online.length_unit", u));
            if (parsed.GetValue(rule) is { } r) own.Add(RecipeOverride.Flag("--rule", "online.pairs", r));
            if (parsed.GetValue(unfinished)) own.Add(RecipeOverride.Flag("--exclude-unfinished", "online.exclude_unfinished", "true"));
            PairOptions pairing = Pairing.Options(options.Resolve(parsed, own).Value.Online);
            SampleRow[] rows = [.. RowFile.ReadSamples(file)];
            if (rows.Length == 0) throw new InputException("the file has no rows", file);
            var report = new DataReport(file);
            IReadOnlyList<PairRow> pairs = PairBuilder.Build(rows, pairing, report);
            StageOptions.MakeRoom(output);
            RowFile.Write(output, pairs);
            io.Error.WriteLine(report);
            ResultPrinter.Print(io.Out, options.Json(parsed),
                ("pairs", output),
                ("prompts", rows.Length),
                ("made", pairs.Count),
                ("dropped", new JsonObject(report.Dropped.Select(d => KeyValuePair.Create(d.Key, (JsonNode?)d.Value)))),
                ("mean_margin", pairs.Average(x => x.Margin!.Value)));
            return 0;
        });
        return command;
    }
}
