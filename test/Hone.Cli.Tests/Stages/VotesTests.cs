using Hone.Server;
using Hone.Text;

namespace Hone.Cli.Tests;

public class VotesTests : StageTest
{
    // A conversation that went on from an answer that was voted for.
    private static ChatMessage[] Before => [ChatMessage.User("Hello?"), new("assistant", "Yes.")];

    /// <summary>What a team has voted on in the arena is trained on as it lies there.</summary>
    [Fact]
    public void Votes_of_the_arena_are_what_dpo_and_reward_read()
    {
        VoteFile votes = VoteFile.Open(At("team.jsonl"));
        for (int i = 0; i < 30; i++)
        {
            votes.Add(new Vote(DateTimeOffset.UnixEpoch, "sft", "dpo", i % 5 == 0 ? Vote.Tie : i % 2 == 0 ? Vote.A : Vote.B,
                [.. i % 3 == 0 ? Before : [], ChatMessage.User($"Question {i}, please?")], $"Answer {i}.", $"No {i}."));
        }
        Command.Done(
            ["dpo", "--model", Model, "--data", At("team.jsonl"), "--output", At("policy"), .. Short("offline_dpo")]);
        Assert.Equal(24, Rows.Read(At("policy/training/pairs.jsonl")).Length);
        Assert.NotEqual(Weights(Model), Weights(At("policy")));
        Command.Done(["reward", "--model", Model, "--data", At("team.jsonl"), "--output", At("judge"), .. Short("reward")]);
        Assert.True(File.Exists(At("judge/model.safetensors")));
    }
}
