using System.Text;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>Rows and places that are wrong: each with its own message, and nothing is lost.</summary>
public class WrongRowsTests : StageTest
{
    private Result Train(string rows) => Command.Run(
        ["reward", "--model", Model, "--data", rows, "--output", At("out"), .. Short("reward"), "--set", "data.held_out.reward=0"]);

    private string Pairs(string name, Action<int, JsonObject> edit) => Rows.Write(At(name), i =>
    {
        var row = new JsonObject { ["prompt"] = $"Question {i}?", ["chosen"] = $"Answer {i}.", ["rejected"] = "No." };
        edit(i, row);
        return row;
    });

    private string RefusedTraining(string rows)
    {
        Result result = Train(rows);
        Assert.Equal(2, result.Code);
        Assert.False(Path.Exists(At("out")) || Path.Exists(At("out.training")));
        return result.Error;
    }

    [Fact]
    public void A_row_without_chosen_is_told_with_its_line()
    {
        string error = RefusedTraining(Pairs("rows.jsonl", (i, row) => _ = i == 6 && row.Remove("chosen")));
        Assert.Contains("rows.jsonl:7", error, StringComparison.Ordinal);
        Assert.Contains("column `chosen` is missing", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  ", "empty_answer")]
    [InlineData(" No. ", "chosen_equals_rejected")]
    public void Useless_pairs_are_dropped_and_counted_and_refused_where_nothing_is_left(string chosen, string reason)
    {
        Assert.Contains($"none of the {Rows.Count} rows can be used ({reason} {Rows.Count})",
            RefusedTraining(Pairs("all.jsonl", (_, row) => row["chosen"] = chosen)), StringComparison.Ordinal);
        Result some = Train(Pairs("some.jsonl", (i, row) => { if (i % 8 == 0) row["chosen"] = chosen; }));
        Assert.Equal(0, some.Code);
        Assert.Contains($"{Rows.Count} rows, {Rows.Count - 3} kept, 3 dropped ({reason} 3)", some.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_longer_than_the_limit_are_dropped_and_counted_and_refused_where_none_is_left()
    {
        string prompts =
            Rows.Write(At("prompts.jsonl"), i => new JsonObject { ["prompt"] = i < 2 ? new string('x', 60 + i) : $"Question {i}?" });
        string[] sample = ["sample", "--model", Model, "--prompts", prompts,
            "--n", "1", "--max-new-tokens", "4", "--device", "cpu", "--output"];
        Assert.Contains($"{Rows.Count - 2} kept, 2 dropped (prompt_too_long 2)",
            RunSample(sample, "some.jsonl", 50).Error, StringComparison.Ordinal);
        Result none = RunSample(sample, "none.jsonl", 3);
        Assert.Equal(2, none.Code);
        Assert.Contains("prompt_too_long", none.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(At("none.jsonl")));
        Result model = RunSample(sample, "model.jsonl", 1000, new string('y', 600));
        Assert.Equal(0, model.Code);
        Assert.Contains("1 dropped (prompt_too_long 1)", model.Error, StringComparison.Ordinal);

        Result RunSample(string[] args, string output, int limit, string? extra = null)
        {
            if (extra is not null) File.AppendAllText(prompts, new JsonObject { ["prompt"] = extra }.ToJsonString() + "\n");
            return Command.Run([.. args, At(output), "--set", "online.max_length=2000", "--set", $"online.max_prompt_length={limit}"]);
        }
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_told_with_their_place()
    {
        string rows = Pairs("rows.jsonl", (_, _) => { });
        byte[] bytes = File.ReadAllBytes(rows);
        int at = bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes("Answer 5"));
        bytes[at] = 0xFF;
        File.WriteAllBytes(rows, bytes);
        string error = RefusedTraining(rows);
        Assert.Contains("UTF-8", error, StringComparison.Ordinal);
        Assert.Contains($"{at}", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "--data")]
    [InlineData("reward", "--data")]
    [InlineData("dpo", "--pairs")]
    [InlineData("sample", "--prompts")]
    public void An_output_that_exists_is_left_alone(string verb, string input)
    {
        Directory.CreateDirectory(At("out"));
        File.WriteAllText(At("out/mine.txt"), "mine");
        string error = Command.Refused(verb, "--model", Model, input, Rows.Preferences(At("rows.jsonl")),
            "--output", At("out"), "--device", "cpu");
        Assert.Contains("there is something here already", error, StringComparison.Ordinal);
        Assert.Contains("--output", error, StringComparison.Ordinal);
        Assert.Equal(["mine.txt"], Directory.EnumerateFileSystemEntries(At("out")).Select(Path.GetFileName));
        Assert.Equal("mine", File.ReadAllText(At("out/mine.txt")));
    }

    [Fact]
    public void Fewer_rows_than_are_held_out_name_the_key()
    {
        string error = Command.Refused("sft", "--model", Model,
            "--data", Rows.Conversations(At("sft.jsonl")), "--output", At("out"), "--device", "cpu", "--set", "data.held_out.sft=500");
        Assert.Contains("--set data.held_out.sft=1", error, StringComparison.Ordinal);
        Assert.False(Path.Exists(At("out.training")));
    }

    [Fact]
    public void An_empty_file_of_samples_is_refused()
    {
        File.WriteAllText(At("empty.jsonl"), "");
        foreach (string[] verb in new string[][] { ["pair"], ["score", "--model", Reward] })
            Assert.Contains("no rows", Command.Refused([.. verb, "--samples", At("empty.jsonl"), "--output", At("o.jsonl")]),
                StringComparison.Ordinal);
    }
}
