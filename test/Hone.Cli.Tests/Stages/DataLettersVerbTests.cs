using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public class DataLettersVerbTests : StageTest
{
    [Fact]
    public void Preferences_become_conversations_that_a_judge_is_trained_on()
    {
        Command.Done("data", "letters", "--data", Rows.Preferences(At("rows.jsonl")), "--output", At("letters.jsonl"));
        JsonNode[] rows = Rows.Read(At("letters.jsonl"));
        Assert.Equal(Rows.Count, rows.Length);
        Assert.Equal(["A", "B"], rows.Select(r => (string)r["messages"]![1]!["content"]!).Distinct().Order());
        Command.Done(["sft", "--model", Model, "--data", At("letters.jsonl"), "--output", At("judge"), .. Short("sft"),
            "--set", "sft.max_length=1024"]);
    }
}
