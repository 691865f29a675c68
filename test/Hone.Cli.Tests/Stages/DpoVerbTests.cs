using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public class DpoVerbTests : StageTest
{
    private string[] Dpo(string pairs, string output, params string[] more) =>
        ["dpo", "--model", Model, "--pairs", pairs, "--output", output, .. Short("offline_dpo"), .. more];

    private string SampledPairs()
    {
        Command.Done("sample", "--model", Model, "--prompts", Rows.Prompts(At("prompts.jsonl")),
            "--output", At("samples.jsonl"), "--device", "cpu", "--max-new-tokens", "8", "--n", "4");
        Command.Done("score", "--model", Reward, "--samples", At("samples.jsonl"), "--output", At("scored.jsonl"), "--device", "cpu");
        Command.Done("pair", "--samples", At("scored.jsonl"), "--output", At("sampled.jsonl"));
        return At("sampled.jsonl");
    }

    [Fact]
    public void Sampled_pairs_are_trained_on_as_they_were_sampled()
    {
        string pairs = SampledPairs();
        JsonNode result = Command.Done(Dpo(pairs, At("out"), "--reference", Model, "--json")).Json;
        // The policy begins as the reference, so the first loss is ln 2.
        Assert.Equal(Math.Log(2), (double)Rows.Read(At("out/training/metrics.jsonl"))[0]["loss"]!, 1e-4);
        Assert.True((double)result["metrics"]!["rewards/margins"]! > 0);
        foreach ((JsonNode given, JsonNode stored) in Rows.Read(pairs).Zip(Rows.Read(At("out/training/pairs.jsonl"))))
        {
            Assert.Equal(given["chosen_ids"]!.ToJsonString(), stored["chosen_ids"]!.ToJsonString());
            Assert.True((double)stored["reference_chosen_logp"]! < 0);
        }
        Assert.NotEqual(Weights(Model), Weights(At("out")));
    }

    [Fact]
    public void Stored_reference_log_probabilities_serve_in_place_of_the_reference()
    {
        Command.Done(Dpo(SampledPairs(), At("first"), "--reference", Model));
        Command.Done(Dpo(At("first/training/pairs.jsonl"), At("second")));
        Assert.Equal(Weights(At("first")), Weights(At("second")));
    }

    [Fact]
    public void Kto_learns_from_labelled_answers_without_counterparts()
    {
        string rows = Rows.Write(At("kto.jsonl"),
            i => new JsonObject { ["prompt"] = $"Question {i}", ["completion"] = $"Answer {i % 5}.", ["label"] = i % 3 != 0 });
        Result result = Command.Done(Dpo(rows, At("out"), "--loss", "kto"));
        Assert.Contains("labelled answers to train on: ", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("no_counterpart", result.Error, StringComparison.Ordinal);
        Assert.Equal(0.5, (double)Rows.Read(At("out/training/metrics.jsonl"))[0]["loss"]!, 1e-4);
        Assert.NotEqual(Weights(Model), Weights(At("out")));
        string one = Rows.Write(At("one.jsonl"),
            i => new JsonObject { ["prompt"] = "Question", ["completion"] = $"Answer {i}.", ["label"] = i % 2 == 0 });
        Assert.Contains("all labelled answers are to one prompt",
            Command.Refused(Dpo(one, At("second"), "--loss", "kto", "--set", "data.held_out.reward=0")), StringComparison.Ordinal);
    }

    [Fact]
    public void Preference_rows_are_rendered_for_the_model()
    {
        Command.Done(Dpo(Rows.Preferences(At("rows.jsonl")), At("out"), "--reference", TinyModel.Write(At("other"), seed: 9)));
        Assert.Equal(Rows.Count, Rows.Read(At("out/training/pairs.jsonl")).Length);
        Assert.NotEqual(Math.Log(2), (double)Rows.Read(At("out/training/metrics.jsonl"))[0]["loss"]!, 1e-6);
    }

    [Theory]
    [InlineData("drop", "none of the 24 rows can be used (prompt_too_long 24)")]
    [InlineData("keep_end_of_prompt", "changed (prompt_start_cut 24)")]
    [InlineData("faithful", "changed (bos_cut 24, prompt_start_cut 24)")]
    public void Pairs_that_are_too_long_are_counted_by_what_became_of_them(string policy, string counts)
    {
        string rows = Rows.Write(At("long.jsonl"),
            i => new JsonObject { ["prompt"] = $"Question {i}: {new string('x', 250)}", ["chosen"] = "Yes.", ["rejected"] = "No." });
        Result result = Command.Run([.. Dpo(rows, At("out"), "--reference", Model), "--set", $"offline_dpo.too_long={policy}"]);
        Assert.Equal(policy == "drop" ? 2 : 0, result.Code);
        Assert.Contains(counts, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_reference_the_policy_as_it_begins_is_it()
    {
        Command.Done(Dpo(Rows.Preferences(At("rows.jsonl")), At("named"), "--reference", Model));
        Command.Done(Dpo(Rows.Preferences(At("rows.jsonl")), At("out")));
        Assert.Equal(Weights(At("named")), Weights(At("out")));
    }

    [Fact]
    public void A_reference_with_another_tokenizer_is_refused()
    {
        string other = TinyModel.Write(At("other"));
        File.AppendAllText(Path.Combine(other, "tokenizer.json"), "\n");
        Assert.Contains("different tokenizers",
            Command.Refused(Dpo(Rows.Preferences(At("rows.jsonl")), At("out"), "--reference", other)), StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_of_another_vocabulary_are_refused()
    {
        string pairs = Rows.Write(At("pairs.jsonl"), i => new JsonObject
        {
            ["prompt"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello" }), ["chosen"] = "a", ["rejected"] = "b",
            ["prompt_ids"] = new JsonArray(1), ["chosen_ids"] = new JsonArray(100_000), ["rejected_ids"] = new JsonArray(2),
        });
        Assert.Contains("token id 100000", Command.Refused(Dpo(pairs, At("out"), "--reference", Model)), StringComparison.Ordinal);
    }
}
