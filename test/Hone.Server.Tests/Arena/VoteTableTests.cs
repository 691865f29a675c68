using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Server.Tests;

public sealed class VoteTableTests
{
    [Fact]
    public void Between_two_models_the_chance_is_the_share_of_votes()
    {
        // 6 wins, 2 losses, 2 ties of which each is half a win: 7 of 10.
        VoteTable table = VoteTable.Of([.. Votes("a", "b", Vote.B, 6), .. Votes("b", "a", Vote.B, 2),
            .. Votes("a", "b", Vote.Tie, 1), .. Votes("a", "b", Vote.BothBad, 1)]);
        IReadOnlyList<JsonObject> rows = table.Rows;
        Assert.Equal((10, 8, "a", null), (table.Votes, table.Pairs, table.Baseline, table.Problem));
        Assert.Equal(["b", "a"], rows.Select(r => (string)r!["model"]!));
        Assert.Equal(70, (double)rows[0]!["chance"]!, 1e-9);
        Assert.InRange((double)rows[0]!["low"]!, 30, 70);
        Assert.InRange((double)rows[0]!["high"]!, 70, 100);
        Assert.Equal([6, 1, 1, 2], Counts(rows[0]!));
        Assert.Equal([2, 1, 1, 6], Counts(rows[1]!));
        Assert.Equal(50, (double)rows[1]!["chance"]!);
    }

    /// <summary>Three models in a ring of strengths 1 : 2 : 4 by exact expected shares: Bradley-Terry gives the strengths back.</summary>
    [Fact]
    public void Strengths_of_three_models_are_those_that_the_votes_were_made_from()
    {
        IReadOnlyList<JsonObject> rows =
            VoteTable.Of([.. Pair("a", "b", 10, 20), .. Pair("b", "c", 10, 20), .. Pair("a", "c", 6, 24)]).Rows;
        Assert.Equal(["c", "b", "a"], rows.Select(r => (string)r!["model"]!));
        Assert.Equal([80, 200.0 / 3, 50], rows.Select(r => (double)r!["chance"]!), (x, y) => Math.Abs(x - y) < 1e-6);
    }

    [Fact]
    public void Votes_that_all_say_the_same_give_no_interval()
    {
        Assert.All(VoteTable.Of([.. Votes("a", "b", Vote.A, 3)]).Rows, row => Assert.Null(row!["low"]));
        Assert.Empty(VoteTable.Of([]).Rows);
    }

    [Fact]
    public void Of_three_models_one_that_lost_everything_has_no_finite_strength()
    {
        VoteTable table = VoteTable.Of([.. Pair("a", "b", 3, 3), .. Pair("b", "c", 3, 0), .. Pair("a", "c", 3, 0)]);
        Assert.NotNull(table.Problem);
        Assert.All(table.Rows, row => Assert.Null(row!["chance"]));
    }

    private static int[] Counts(JsonNode row) => [.. new[] { "won", "tied", "both_bad", "lost" }.Select(n => (int)row[n]!)];

    private static IEnumerable<Vote> Pair(string a, string b, int winsA, int winsB) =>
        [.. Votes(a, b, Vote.A, winsA), .. Votes(a, b, Vote.B, winsB)];

    private static IEnumerable<Vote> Votes(string a, string b, string winner, int times) => Enumerable.Repeat(
        new Vote(DateTimeOffset.UnixEpoch, a, b, winner, [ChatMessage.User("hello")], "one", "two"), times);
}
