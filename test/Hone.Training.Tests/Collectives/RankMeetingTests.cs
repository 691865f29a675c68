using System.Net.Sockets;

namespace Hone.Training.Tests;

/// <summary>How ranks find each other, refuse each other, and lose each other.</summary>
public class RankMeetingTests
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(1), s_long = TimeSpan.FromSeconds(20);

    [Fact]
    public void Ranks_with_another_version_recipe_or_data_are_refused_on_both_sides_by_name()
    {
        (string leader, string follower) = Refusal(
            Hello(0, 2, new() { ["hone"] = "1", ["recipe sft.epochs"] = "1" }),
            Hello(1, 2, new() { ["hone"] = "2", ["recipe sft.epochs"] = "3" }));
        foreach (string message in new[] { leader, follower })
        {
            Assert.Contains("rank 1 on host1 was not started as rank 0 on host0", message, StringComparison.Ordinal);
            Assert.Contains("hone: 1 -> 2", message, StringComparison.Ordinal);
            Assert.Contains("recipe sft.epochs: 1 -> 3", message, StringComparison.Ordinal);
        }
        Assert.Contains("rank 1 of 3 on host1 came to 2 ranks", Refusal(Hello(0, 2), Hello(1, 3)).Leader, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_that_does_not_come_is_named()
    {
        using TcpListener listener = RankMeeting.Listen("127.0.0.1", 0);
        InputException error = Assert.Throws<InputException>(() => RankMeeting.Lead(listener, Hello(0, 3), s_short));
        Assert.Contains("of 3 ranks these did not come: 1, 2", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<InputException>(() => RankMeeting.Follow("127.0.0.1", RankMeeting.FreePort(), Hello(1, 2), s_short));
        Assert.Contains("rank 1 on host1 waited 1 s for rank 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_else_knocks_at_the_port_changes_nothing()
    {
        using TcpListener listener = RankMeeting.Listen("127.0.0.1", 0);
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        foreach (byte[] noise in new[] { "GET / HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray(), new byte[5], [] })
        {
            using var knock = new TcpClient("127.0.0.1", port);
            knock.GetStream().Write(noise);
        }
        Task<RankLinks> other = Task.Run(() => RankLinks.Follow("127.0.0.1", port, Hello(1, 2), s_long, _ => { }));
        using RankLinks links = RankLinks.Lead(listener, Hello(0, 2), s_long, _ => { });
        using RankLinks follower = await other;
        Assert.Equal(["host0", "host1"], links.Hosts);
        Assert.Equal(["host0", "host1"], follower.Hosts);
    }

    [Fact]
    public async Task A_rank_that_dies_is_named_to_all_at_once()
    {
        using TcpListener listener = RankMeeting.Listen("127.0.0.1", 0);
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        Task<RankLinks> One(int rank) => Task.Run(() => RankLinks.Follow("127.0.0.1", port, Hello(rank, 3), s_long, _ => { }));
        Task<RankLinks>[] others = [One(1), One(2)];
        using RankLinks leader = RankLinks.Lead(listener, Hello(0, 3), s_long, _ => { });
        RankLinks[] followers = await Task.WhenAll(others);
        followers[0].Dispose(); // as the system does with a killed process's sockets
        foreach (RankLinks left in new[] { leader, followers[1] })
        {
            RankLostException lost = Assert.Throws<RankLostException>(left.Barrier);
            Assert.Contains("rank 1 on host1 is lost", lost.Message, StringComparison.Ordinal);
        }
        followers[1].Dispose();
    }

    [Fact]
    public void An_error_of_one_rank_is_told_to_the_others()
    {
        (int, Exception? Error)[] ends = ManyRanks.Try<int>(2, ranks => ranks.Rank == 1
            ? throw new InputException("there is no such model")
            : ranks.Gather([]).Length);
        Assert.IsType<InputException>(ends[1].Error);
        Assert.Contains("ended: there is no such model", Assert.IsType<RankLostException>(ends[0].Error).Message, StringComparison.Ordinal);
        ends = ManyRanks.Try<int>(2, ranks => ranks.Leads ? throw new OperationCanceledException() : ranks.FromLeader(null)!.Length);
        Assert.IsAssignableFrom<OperationCanceledException>(ends[1].Error);
    }

    private static (string Leader, string Follower) Refusal(RankHello own, RankHello other)
    {
        using TcpListener listener = RankMeeting.Listen("127.0.0.1", 0);
        int port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        Task<string> follower = Task.Run(() =>
            Assert.Throws<InputException>(() => RankMeeting.Follow("127.0.0.1", port, other, s_long)).Message);
        string leader = Assert.Throws<InputException>(() => RankMeeting.Lead(listener, own, s_long)).Message;
        return (leader, follower.Result);
    }

    private static RankHello Hello(int rank, int size, Dictionary<string, string>? claims = null) =>
        new(RankHello.OurMagic, rank, size, $"host{rank}", claims ?? []);
}
