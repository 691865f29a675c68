using System.CommandLine;
using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Cli;

/// <summary><c>hone eval table</c>: the model card's two tables with one's own rows.</summary>
internal static class EvalTableVerb
{
    public static Command Create(Streams io)
    {
        var runs = new Argument<string[]>("RUN")
        {
            Description = "Results: files or folders of hone eval.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Verb("table", "Print the card's two tables with your rows beside the published ones.", """
            Markdown with the figures published for Llama-3-8B-SFR-Iterative-DPO-R and the models beside it, your own
            under "Yours", and what the numbers say of claims such as "best of its size". A model without a figure counts
            neither for nor against. Runs of one model make one row.

            Example:
              hone eval table results/my-model > card.md
            """)
        { runs };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            (IReadOnlyList<LeaderboardRow> rows, IReadOnlyList<string> origins) =
                ResultRows.Of((parsed.GetValue(runs) ?? []).SelectMany(ResultFolder.Results));
            if (common.Json(parsed))
            {
                ResultPrinter.PrintJson(io.Out,
                    new JsonArray([.. Leaderboard.Published.Concat(rows.Where(r => r.Scores.Count > 0)).Select(r => (JsonNode)Json(r))]));
                return 0;
            }
            io.Out.Write(LeaderboardTable.Render(rows));
            foreach (string origin in origins) io.Out.WriteLine($"{origin}.");
            return 0;
        });
        return command;
    }

    private static JsonObject Json(LeaderboardRow row) => new()
    {
        ["table"] = row.Table,
        ["group"] = row.Group,
        ["model"] = row.Model,
        ["size"] = row.Size,
        ["method"] = row.Method,
        ["scores"] = new JsonObject(Leaderboard.Benchmarks.Where(b => b.Table == row.Table)
            .Select(b => KeyValuePair.Create(b.Name, row.Scores.TryGetValue(b.Name, out double v) ? (JsonNode?)v : null))),
    };
}
