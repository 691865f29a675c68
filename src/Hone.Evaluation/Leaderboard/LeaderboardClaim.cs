namespace Hone.Evaluation;

/// <summary>How one model stands against a group of others on one benchmark.</summary>
/// <param name="Beaten">Models with a lower figure.</param>
/// <param name="NotBeaten">Models with the same or a higher figure.</param>
/// <param name="Missing">Models without a figure: they neither support nor refute anything.</param>
internal sealed record LeaderboardClaim(
    string Benchmark, string Model, string Group, IReadOnlyList<string> Beaten, IReadOnlyList<string> NotBeaten,
    IReadOnlyList<string> Missing)
{
    /// <summary>Every model of the group that has a figure is beaten, and there is one.</summary>
    public bool BeatsAll => NotBeaten.Count == 0 && Beaten.Count > 0;

    /// <summary>More than half of the models that have a figure are beaten.</summary>
    public bool BeatsMost => Beaten.Count > NotBeaten.Count;

    /// <summary>
    /// Compares a row with those of a group, benchmark by benchmark of the row's table. A benchmark on which the row itself
    /// has no figure makes no claim.
    /// </summary>
    public static IReadOnlyList<LeaderboardClaim> Check(LeaderboardRow row, string group, IReadOnlyList<LeaderboardRow> rows)
    {
        LeaderboardRow[] others = [.. rows.Where(r => r.Table == row.Table && r.Group == group && r.Model != row.Model)];
        List<LeaderboardClaim> claims = [];
        if (others.Length == 0) return claims;
        foreach ((string name, _, string table, _) in Leaderboard.Benchmarks)
        {
            if (table != row.Table || !row.Scores.TryGetValue(name, out double own)) continue;
            LeaderboardRow[] known = [.. others.Where(o => o.Scores.ContainsKey(name))];
            claims.Add(new LeaderboardClaim(name, row.Model, group,
                [.. known.Where(o => o.Scores[name] < own).Select(o => o.Model)],
                [.. known.Where(o => o.Scores[name] >= own).Select(o => o.Model)],
                [.. others.Except(known).Select(o => o.Model)]));
        }
        return claims;
    }

    public override string ToString()
    {
        string heading = Leaderboard.Benchmarks.First(b => b.Name == Benchmark).Heading;
        int known = Beaten.Count + NotBeaten.Count;
        string verdict = known == 0 ? "no figures to compare with" : BeatsAll ? $"above all {known} with a figure"
            : $"above {Beaten.Count} of {known}, not above {string.Join(", ", NotBeaten)}";
        return $"{heading}: {Model} against {Group}: {verdict}{(Missing.Count > 0 ? $"; no figure for {string.Join(", ", Missing)}" : "")}";
    }
}
