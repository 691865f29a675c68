using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Server;

/// <summary>
/// What votes say of the models: the chance of each to beat the first by name, by Bradley-Terry over all votes, with a bootstrap
/// interval, as Arena-Hard has them.
/// </summary>
/// <param name="Votes">How many there are.</param>
/// <param name="Pairs">How many of them are preferences.</param>
/// <param name="Baseline">The model that the others are measured by; null without votes.</param>
/// <param name="Rows">One per model, the best first; without chances where the votes give no finite ones.</param>
/// <param name="Problem">Why there are no chances.</param>
internal sealed record VoteTable(int Votes, int Pairs, string? Baseline, IReadOnlyList<JsonObject> Rows, string? Problem)
{
    public static VoteTable Of(IReadOnlyList<Vote> votes)
    {
        string[] models = ModelsOf(votes);
        int pairs = votes.Count(v => v.Pair is not null);
        if (models.Length == 0) return new VoteTable(votes.Count, pairs, null, [], null);
        ArenaBattle[] battles = [.. votes.Select(v => new ArenaBattle("", v.ModelA, v.ModelB,
            v.Winner == Vote.A ? 1 : v.Winner == Vote.B ? 0 : 0.5))];
        Dictionary<string, ArenaHardScore> scores = [];
        string? problem = null;
        try
        {
            scores = ArenaHardScore.Of(battles, models[0]).ToDictionary(s => s.Model);
        }
        catch (InputException)
        {
            problem = "One of the models has won or lost every vote: there are no finite strengths yet.";
        }
        IEnumerable<JsonObject> rows = models.Select(model => Row(model, votes, scores.GetValueOrDefault(model),
            first: model == models[0] && problem is null));
        return new VoteTable(votes.Count, pairs, models[0], [.. rows.OrderByDescending(r => (double?)r["chance"] ?? -1)], problem);
    }

    private static string[] ModelsOf(IReadOnlyList<Vote> votes) =>
        [.. votes.SelectMany(v => (string[])[v.ModelA, v.ModelB]).Distinct().Order(StringComparer.Ordinal)];

    private static JsonObject Row(string model, IReadOnlyList<Vote> votes, ArenaHardScore? score, bool first)
    {
        Vote[] own = [.. votes.Where(v => v.ModelA == model || v.ModelB == model)];
        int won = own.Count(v => v.Winner == (v.ModelA == model ? Vote.A : Vote.B));
        int tied = own.Count(v => v.Winner == Vote.Tie), bad = own.Count(v => v.Winner == Vote.BothBad);
        // Of votes that all say the same, the bootstrap knows no error: that is no interval of width zero.
        bool known = score is { Lower: { } low, Upper: { } high } && low < high;
        return new JsonObject
        {
            ["model"] = model,
            ["chance"] = first ? 50.0 : score?.Score,
            ["low"] = known ? score!.Lower : null,
            ["high"] = known ? score!.Upper : null,
            ["won"] = won,
            ["tied"] = tied,
            ["both_bad"] = bad,
            ["lost"] = own.Length - won - tied - bad,
        };
    }
}
