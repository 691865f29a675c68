using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public class SamplesToPairsTests : StageTest
{
    private string Sample(string name, params string[] more)
    {
        Command.Done(["sample", "--model", Model, "--prompts", Rows.Prompts(At("prompts.jsonl")),
            "--output", At(name), "--device", "cpu", "--max-new-tokens", "8", .. more]);
        return At(name);
    }

    [Fact]
    public void Sample_gives_n_answers_to_every_prompt()
    {
        JsonNode[] rows = Rows.Read(Sample("samples.jsonl", "--n", "3", "--temperature", "1"));
        Assert.Equal(Rows.Count, rows.Length);
        Assert.All(rows, row =>
        {
            Assert.Equal(3, row["responses"]!.AsArray().Count);
            Assert.All(row["response_ids"]!.AsArray(), ids => Assert.InRange(ids!.AsArray().Count, 1, 8));
            Assert.Equal(3, row["finish_reasons"]!.AsArray().Count);
        });
        Assert.Equal("Question 0, please?", (string?)rows[0]["prompt"]![0]!["content"]);
    }

    [Fact]
    public void Samples_repeat_with_the_seed_and_groups_of_the_recipe_hold()
    {
        byte[] first = File.ReadAllBytes(Sample("a.jsonl", "--seed", "3"));
        Assert.Equal(first, File.ReadAllBytes(Sample("b.jsonl", "--seed", "3")));
        Assert.NotEqual(first, File.ReadAllBytes(Sample("c.jsonl", "--seed", "4")));
        Assert.All(Rows.Read(At("a.jsonl")), row => Assert.Equal(8, row["responses"]!.AsArray().Count));
        Assert.All(Rows.Read(Sample("greedy.jsonl", "--n", "2", "--temperature", "0")),
            row => Assert.Equal((string?)row["responses"]![0], (string?)row["responses"]![1]));
    }

    /// <summary>Log-probabilities tell the formats apart where the answers are the same.</summary>
    [Fact]
    public void A_format_is_followed_and_auto_takes_back_that_of_a_recipe()
    {
        byte[] usual = File.ReadAllBytes(Sample("usual.jsonl"));
        Assert.NotEqual(usual, File.ReadAllBytes(Sample("int8.jsonl", "--format", "int8")));
        Assert.Equal(usual, File.ReadAllBytes(Sample("back.jsonl", "--set", "sampling.format=int8", "--format", "auto")));
    }

    [Fact]
    public void Shards_put_together_are_the_whole()
    {
        byte[] whole = File.ReadAllBytes(Sample("whole.jsonl", "--n", "2"));
        byte[] Part(int i) => File.ReadAllBytes(Sample($"{i}.jsonl", "--n", "2", "--shard", $"{i}/3"));
        Assert.Equal(whole, Enumerable.Range(1, 3).SelectMany(Part));
        foreach (string wrong in new[] { "0/3", "4/3", "1", "a/b", "1/99999" })
            Assert.Contains("shard", Command.Refused("sample", "--model", Model, "--prompts", Rows.Prompts(At("p.jsonl")),
                "--output", At("x.jsonl"), "--device", "cpu", "--shard", wrong), StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_have_the_format_that_is_asked_for() =>
        Assert.All(Rows.Read(Sample("regex.jsonl", "--n", "2", "--regex", "[xy]{4}")),
            row => Assert.All(row["responses"]!.AsArray(), a => Assert.Matches("^[xy]{4}", (string)a!)));

    [Fact]
    public void Score_adds_a_reward_to_every_answer_in_place()
    {
        string samples = Sample("samples.jsonl", "--n", "3");
        Result result = Command.Done("score", "--model", Reward, "--samples", samples,
            "--output", At("scored.jsonl"), "--device", "cpu", "--json");
        Assert.Equal(Rows.Count, (int)result.Json["prompts"]!);
        foreach ((JsonNode before, JsonNode after) in Rows.Read(samples).Zip(Rows.Read(At("scored.jsonl"))))
        {
            Assert.Equal(3, after["rewards"]!.AsArray().Count);
            Assert.True(after["rewards"]!.AsArray().Select(r => (double)r!).Distinct().Count() > 1);
            after.AsObject().Remove("rewards");
            Assert.Equal(before.ToJsonString(), after.ToJsonString());
        }
    }

    [Fact]
    public void Texts_are_scored_where_the_ids_say_something_else()
    {
        string text = Rows.Write(At("texts.jsonl"),
            i => new JsonObject { ["prompt"] = Messages($"Question {i}?"), ["responses"] = new JsonArray("Yes.", "No, thanks.") });
        string lies = Rows.Write(At("lies.jsonl"), i => new JsonObject
        {
            ["prompt"] = Messages($"Question {i}?"), ["responses"] = new JsonArray("Yes.", "No, thanks."),
            ["prompt_ids"] = new JsonArray(1, 2), ["response_ids"] = new JsonArray(new JsonArray(5), new JsonArray(6)),
        });
        double[][] Rewards(string file, string output)
        {
            Assert.Contains("its own rendering", Command.Done("score", "--model", Reward, "--samples", file,
                "--output", At(output), "--device", "cpu").Error, StringComparison.Ordinal);
            return [.. Rows.Read(At(output)).Select(r => r["rewards"]!.AsArray().Select(x => (double)x!).ToArray())];
        }
        Assert.Equal(Rewards(text, "a.jsonl"), Rewards(lies, "b.jsonl"));
    }

    [Fact]
    public void Score_refuses_a_language_model() => Assert.Contains("hone reward trains one",
        Command.Refused("score", "--model", Model, "--samples", Sample("s.jsonl", "--n", "2"),
            "--output", At("scored.jsonl"), "--device", "cpu"), StringComparison.Ordinal);

    [Fact]
    public void Pair_takes_best_and_worst_and_counts_ties()
    {
        string scored = Rows.Write(At("scored.jsonl"), i => new JsonObject
        {
            ["prompt"] = Messages($"Question {i}?"),
            ["responses"] = new JsonArray("a long answer of many words", "short", "middle"),
            ["rewards"] = i == 0 ? new JsonArray(1, 1, 1) : new JsonArray(1.01, 1.0, -1),
        });
        JsonNode result = Command.Done("pair", "--samples", scored, "--output", At("pairs.jsonl"), "--json").Json;
        Assert.Equal(Rows.Count - 1, (int)result["made"]!);
        Assert.Equal(1, (int)result["dropped"]!["tie"]!);
        Assert.All(Rows.Read(At("pairs.jsonl")),
            p => Assert.Equal(("a long answer of many words", "middle"), ((string?)p["chosen"], (string?)p["rejected"])));

        // 0.01 per character outweighs the lead of the longest answer.
        Command.Done("pair", "--samples", scored, "--output", At("short.jsonl"),
            "--length-penalty", "0.01", "--length-unit", "characters", "--rule", "max_second");
        Assert.All(Rows.Read(At("short.jsonl")).Skip(1),
            p => Assert.Equal(("short", "a long answer of many words"), ((string?)p["chosen"], (string?)p["rejected"])));
    }

    [Fact]
    public void Pair_needs_rewards()
    {
        string message = Command.Refused("pair", "--samples", Sample("samples.jsonl", "--n", "2"), "--output", At("pairs.jsonl"));
        Assert.Contains("hone score", message, StringComparison.Ordinal);
        Assert.False(File.Exists(At("pairs.jsonl")));
    }

    [Theory]
    [InlineData("--rule", "max_mim", "Did you mean 'max_min'?")]
    [InlineData("--length-unit", "words", "characters")]
    public void Unknown_words_are_refused(string flag, string value, string message) => Assert.Contains(message,
        Command.Refused("pair", "--samples", At("none.jsonl"), "--output", At("pairs.jsonl"), flag, value), StringComparison.Ordinal);

    private static JsonArray Messages(string content) => new(new JsonObject { ["role"] = "user", ["content"] = content });
}
