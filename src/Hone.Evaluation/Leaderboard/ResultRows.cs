using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>Rows for the card's tables, from results files. Runs of one model make one row; a later figure replaces an earlier.</summary>
internal static class ResultRows
{
    /// <summary>
    /// Where each benchmark's figure stands in a results file, the card's own setting first, and what makes it the
    /// card's scale.
    /// </summary>
    private static readonly (string Benchmark, string Task, string Figure, double Scale)[] s_figures =
    [
        ("lc_alpaca_eval", "alpaca_eval", "length_controlled_winrate", 1),
        ("mt_bench", "mt_bench", "average", 1),
        ("arena_hard", "arena_hard", "score", 1),
        ("gsm8k", "gsm8k_cot", "exact_match,flexible-extract", 100), ("gsm8k", "gsm8k", "exact_match,flexible-extract", 100),
        ("mmlu", "mmlu", "acc,none", 100),
        ("humaneval", "humaneval_evalplus", "pass@1,none", 100), ("humaneval", "humaneval_instruct", "pass@1,none", 100),
        ("humaneval", "humaneval", "pass@1,none", 100),
        ("truthfulqa", "truthfulqa_mc2", "acc,none", 100),
        ("arc", "arc_challenge", "acc_norm,none", 100),
        ("mbpp", "mbpp_full", "pass@1,none", 100), ("mbpp", "mbpp", "pass@1,none", 100),
    ];

    /// <returns>The rows, and a sentence for each figure: which task and how many shots it came from.</returns>
    public static (IReadOnlyList<LeaderboardRow> Rows, IReadOnlyList<string> Origins) Of(IEnumerable<JsonNode> results)
    {
        var models = new Dictionary<string, Dictionary<string, double>>();
        var origins = new Dictionary<(string, string), string>();
        foreach (JsonNode result in results)
        {
            string model = (string?)result["model_name"] ?? "unnamed";
            if (!models.TryGetValue(model, out Dictionary<string, double>? scores)) models[model] = scores = [];
            HashSet<string> found = [];
            foreach ((string benchmark, string task, string figure, double scale) in s_figures)
            {
                if (found.Contains(benchmark) || result["results"]![task]?[figure] is not JsonValue value
                    || !value.TryGetValue(out double number)) continue;
                found.Add(benchmark);
                scores[benchmark] = number * scale;
                string shots = result["n-shot"]?[task] is { } n ? $", {n}-shot" : "";
                origins[(model, benchmark)] =
                    $"{model}, {Leaderboard.Benchmarks.First(b => b.Name == benchmark).Heading}: {task} {figure}{shots}";
            }
        }
        return ([.. models.SelectMany(m => Leaderboard.Benchmarks.Select(b => b.Table).Distinct()
            .Select(table => new LeaderboardRow(table, LeaderboardTable.OwnGroup, m.Key, "", "",
            m.Value.Where(s => Leaderboard.Benchmarks.First(b => b.Name == s.Key).Table == table).ToDictionary())))], [.. origins.Values]);
    }
}
