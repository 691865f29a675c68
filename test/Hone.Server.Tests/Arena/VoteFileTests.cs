using Hone.Data;
using Hone.Text;

namespace Hone.Server.Tests;

public sealed class VoteFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.File("team.jsonl");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Votes_for_one_side_become_preferences_and_all_are_kept()
    {
        VoteFile file = VoteFile.Open(Path);
        foreach (string winner in new[] { Vote.A, Vote.B, Vote.Tie, Vote.BothBad }) file.Add(Some(winner));
        file.Add(Some(Vote.A) with { AnswerB = "left text" }); // the same text on both sides
        file.Add(Some(Vote.B) with { AnswerA = " " });
        PairRow[] pairs = [.. RowFile.ReadPairs(Path)];
        Assert.Equal([("left text", "right text"), ("right text", "left text")], pairs.Select(p => (p.Chosen, p.Rejected)));
        Assert.Equal(["system", "user"], pairs[0].Prompt.Select(m => m.Role));
        Assert.Equal(6, File.ReadAllLines(_folder.File("team.votes.jsonl")).Length);
    }

    [Fact]
    public void Votes_are_taken_up_again_without_what_a_kill_left_of_one()
    {
        VoteFile file = VoteFile.Open(Path);
        file.Add(Some(Vote.A));
        file.Add(Some(Vote.Tie));
        File.AppendAllText(_folder.File("team.votes.jsonl"), "{\"time\": \"20");
        File.AppendAllText(Path, "{\"prompt\": [");
        VoteFile again = VoteFile.Open(Path);
        Assert.Equal([Vote.A, Vote.Tie], again.Votes.Select(v => v.Winner));
        again.Add(Some(Vote.B));
        Assert.Equal(2, RowFile.ReadPairs(Path).Count());
        Assert.Equal(3, VoteFile.Open(Path).Votes.Count);
    }

    [Fact]
    public void A_file_of_somebody_else_is_left_alone()
    {
        File.WriteAllText(Path, "mine");
        Assert.Contains("was not made by an arena",
            Assert.Throws<InputException>(() => VoteFile.Open(Path)).Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path));
        Assert.Throws<InputException>(() => VoteFile.Open(_folder.File("votes.csv")));
        Assert.Throws<InputException>(() => VoteFile.Open(_folder.Path));
        File.WriteAllText(_folder.File("bad.votes.jsonl"), "{\"winner\": \"nobody\"}\n");
        Assert.Contains("bad.votes.jsonl:1",
            Assert.Throws<InputException>(() => VoteFile.Open(_folder.File("bad.jsonl"))).Message, StringComparison.Ordinal);
    }

    private static Vote Some(string winner) => new(DateTimeOffset.UnixEpoch, "x", "y", winner,
        [ChatMessage.System("be brief"), ChatMessage.User("hello")], "left text", "right text");
}
