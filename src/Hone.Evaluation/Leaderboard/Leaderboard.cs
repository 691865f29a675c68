using System.Globalization;

namespace Hone.Evaluation;

/// <summary>A model's row in one of the two tables. A benchmark without an entry in <paramref name="Scores"/> has no figure.</summary>
/// <param name="Table"><c>chat</c> or <c>academic</c>.</param>
/// <param name="Group">The heading it stands under, which is also its size class.</param>
/// <param name="Size">As printed, such as <c>8B</c>; empty where unknown.</param>
/// <param name="Scores">Figure by benchmark, one of <see cref="Leaderboard.Benchmarks"/>.</param>
internal sealed record LeaderboardRow(
    string Table, string Group, string Model, string Size, string Method, IReadOnlyDictionary<string, double> Scores);

/// <summary>The two tables of the model card of Llama-3-8B-SFR-Iterative-DPO-R (Salesforce, 2024), as published there.</summary>
internal static class Leaderboard
{
    public const string Source = "published rows: model card of Llama-3-8B-SFR-Iterative-DPO-R (Salesforce, Hugging Face, 2024)";
    public const string Small = "Small Open-Sourced Models", Large = "Large Open-Sourced Models", Proprietary = "Proprietary Models";

    /// <summary>A benchmark's name here, its heading, its table, and the digits it is printed with.</summary>
    public static readonly IReadOnlyList<(string Name, string Heading, string Table, int Digits)> Benchmarks =
    [
        ("lc_alpaca_eval", "LC Alpaca-Eval-V2", "chat", 1), ("mt_bench", "MT-Bench", "chat", 2),
        ("arena_hard", "Chat-Arena-Hard", "chat", 1),
        ("gsm8k", "GSM-8K", "academic", 1), ("mmlu", "MMLU", "academic", 1), ("humaneval", "HumanEval", "academic", 1),
        ("truthfulqa", "TruthfulQA", "academic", 1), ("arc", "ARC", "academic", 1), ("mbpp", "MBPP", "academic", 1),
    ];

    /// <summary>The published rows, in the order of the card.</summary>
    public static IReadOnlyList<LeaderboardRow> Published { get; } = Read();

    private static LeaderboardRow[] Read()
    {
        using var text = new StreamReader(typeof(Leaderboard).Assembly.GetManifestResourceStream("published-scores.csv")!);
        string[] columns = text.ReadLine()!.Split(',');
        List<LeaderboardRow> rows = [];
        while (text.ReadLine() is { } line)
        {
            string[] cells = line.Split(',');
            rows.Add(new LeaderboardRow(cells[0], cells[1], cells[2], cells[3], cells[4],
                columns.Zip(cells).Skip(5).Where(c => c.Second.Length > 0)
                .ToDictionary(c => c.First, c => double.Parse(c.Second, CultureInfo.InvariantCulture))));
        }
        return [.. rows];
    }
}
