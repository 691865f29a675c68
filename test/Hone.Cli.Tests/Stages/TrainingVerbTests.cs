using System.Text.Json.Nodes;
using Hone.Models;

namespace Hone.Cli.Tests;

public class TrainingVerbTests : StageTest
{
    private string[] Sft(string output, params string[] more) =>
        ["sft", "--model", Model, "--data", Rows.Conversations(At("sft.jsonl")), "--output", output, .. Short("sft"), .. more];

    [Fact]
    public void Sft_learns_and_leaves_a_model_folder()
    {
        JsonNode result = Command.Done(Sft(At("out"), "--set", "sft.epochs=4", "--json")).Json;
        Assert.Equal(At("out"), (string?)result["model"]);
        Assert.Equal(12, (int)result["steps"]!);
        JsonNode[] metrics = Rows.Read(At("out/training/metrics.jsonl"));
        Assert.True((double)result["metrics"]!["loss"]! < (double)metrics[0]["loss"]! - 0.5);
        Assert.True((double)result["metrics"]!["eval/loss"]! > 0);
        Assert.Equal(ConfigFile.Load(Model).HiddenSize, ConfigFile.Load(At("out")).HiddenSize);
        foreach (string file in new[] { "config.json", "tokenizer.json", "chat_template.jinja",
            "generation_config.json", "training/recipe.yaml", "training/log.jsonl" })
            Assert.True(File.Exists(Path.Combine(At("out"), file)), file);
        Assert.False(Path.Exists(At("out.training")));
    }

    [Fact]
    public void The_same_seed_gives_the_same_weights_and_another_one_others()
    {
        foreach ((string name, string seed) in new[] { ("a", "1"), ("b", "1"), ("c", "2") }) Command.Done(Sft(At(name), "--seed", seed));
        Assert.Equal(Weights(At("a")), Weights(At("b")));
        Assert.NotEqual(Weights(At("a")), Weights(At("c")));
    }

    [Fact]
    public void The_recipe_of_a_file_holds_and_flags_override_it()
    {
        File.WriteAllText(At("recipe.yaml"), "data: {world: tiny}\nsft: {epochs: 3, learning_rate: 1e-4}\n");
        Command.Done(Sft(At("out"), "--recipe", At("recipe.yaml"), "--set", "sft.epochs=2"));
        string recipe = File.ReadAllText(At("out/training/recipe.yaml"));
        Assert.Contains("epochs: 2", recipe, StringComparison.Ordinal);
        Assert.Contains("# --data", recipe, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("world: tiny")]
    [InlineData("stories: {files: stories.txt}")]
    [InlineData("sft: [other.jsonl]")]
    public void Data_that_is_given_takes_the_place_of_the_recipes(string data)
    {
        File.WriteAllText(At("recipe.yaml"), $"data: {{{data}}}\n");
        Assert.Contains($"sft.jsonl: {Rows.Count} rows",
            Command.Done(Sft(At("out"), "--recipe", At("recipe.yaml"))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_finished_training_is_not_done_again()
    {
        Command.Done(Sft(At("out")));
        DateTime written = File.GetLastWriteTimeUtc(At("out/model.safetensors"));
        Assert.Contains("there is something here already", Command.Refused(Sft(At("out"))), StringComparison.Ordinal);
        Assert.Contains("already done", Command.Done(Sft(At("out"), "--resume")).Error, StringComparison.Ordinal);
        Assert.Equal(written, File.GetLastWriteTimeUtc(At("out/model.safetensors")));
    }

    [Fact]
    public void Reward_model_learns_to_rank_held_out_pairs()
    {
        string data = Rows.Preferences(At("pairs.jsonl"));
        JsonNode result = Command.Done(["reward", "--model", Model, "--data", data,
            "--output", At("out"), .. Short("reward"), "--set", "reward.epochs=4", "--json"]).Json;
        Assert.True(ConfigFile.Load(At("out")).IsRewardModel);
        Assert.Equal(Math.Log(2), (double)Rows.Read(At("out/training/metrics.jsonl"))[0]["loss"]!, 1e-5);
        Assert.True((double)result["metrics"]!["eval/rewards/accuracies"]! > 0.9);
    }

    /// <summary>Short blocks of packed conversations hold nothing but a question: the loss of a batch of one was 0/0.</summary>
    [Fact]
    public void Packed_blocks_without_learnt_tokens_are_skipped_and_counted()
    {
        string rows = Rows.Write(At("long.jsonl"), i => new JsonObject { ["prompt"] = new string('x', 60 + i), ["completion"] = "Yes." });
        Result result = Command.Done("sft", "--model", Model, "--data", rows, "--output", At("out"), "--device", "cpu",
            "--set", "sft.packing_length=8", "--set", "sft.batch_size=1", "--set", "data.held_out.sft=0");
        Assert.Matches(@"sft: \d+ examples, \d+ dropped \(no_loss_tokens \d+\)", result.Error);
    }

    /// <summary>The recipe's defaults are those of 8B weights and many rows: on a few rows they changed nothing, without a word.</summary>
    [Theory]
    [InlineData("sft", "sft.learning_rate=1e-9")]
    [InlineData("reward", "reward.learning_rate=1e-9")]
    [InlineData("dpo", "offline_dpo.learning_rate=5e-7")]
    public void A_model_that_did_not_move_is_said(string verb, string rate)
    {
        string[] data = verb == "sft" ? ["--data", Rows.Conversations(At("rows.jsonl"))]
            : verb == "dpo" ? ["--pairs", Rows.Preferences(At("rows.jsonl")), "--reference", Model]
            : ["--data", Rows.Preferences(At("rows.jsonl"))];
        string section = rate.Split('.')[0];
        string[] args = [verb, "--model", Model, .. data, .. Short(section)];
        Assert.DoesNotContain("hardly moved", Command.Done([.. args, "--output", At("moved")]).Error, StringComparison.Ordinal);
        Result result = Command.Done([.. args, "--set", rate, "--output", At("out")]);
        Assert.Contains($"{verb}: the model hardly moved: the loss on the first batch was ", result.Error, StringComparison.Ordinal);
        Assert.Contains("raise learning_rate or epochs", result.Error, StringComparison.Ordinal);
        Assert.Contains("the model hardly moved", File.ReadAllText(At("out/training/log.jsonl")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sft", "--data")]
    [InlineData("reward", "--data")]
    [InlineData("dpo", "--pairs")]
    [InlineData("sample", "--prompts")]
    public void A_reward_model_is_no_policy(string verb, string input)
    {
        string message = Command.Refused(verb, "--model", Reward, input, Rows.Preferences(At("pairs.jsonl")),
            "--output", At("out"), "--device", "cpu");
        Assert.Contains("This is a reward model", message, StringComparison.Ordinal);
        Assert.False(Path.Exists(At("out.training")));
    }

    /// <summary>A stage that is trained alone is reported on as a whole run is.</summary>
    [Theory]
    [InlineData("sft", "supervised fine-tuning (SFT)")]
    [InlineData("reward", "A Bradley-Terry reward model")]
    [InlineData("dpo", "trained with Hone by DPO")]
    public void A_stage_alone_leaves_card_report_events_and_held_out_figures(string verb, string card)
    {
        string section = verb == "dpo" ? "offline_dpo" : verb, output = At("deep/out");
        string data = verb == "sft" ? Rows.Conversations(At("rows.jsonl")) : Rows.Preferences(At("rows.jsonl"));
        JsonNode done = Command.Done([verb, "--model", Model, "--data", data, "--output", output, .. Short(section), "--json"]).Json;
        Assert.Contains("eval/loss", done["metrics"]!.AsObject().Select(m => m.Key));
        string readme = File.ReadAllText(Path.Combine(output, "README.md"));
        Assert.Contains(card, readme, StringComparison.Ordinal);
        Assert.Equal(verb == "dpo", readme.Contains("  - \"dpo\"", StringComparison.Ordinal));
        Assert.DoesNotContain("online", readme[..readme.IndexOf("# out", StringComparison.Ordinal)], StringComparison.Ordinal);
        Assert.Contains($"hone {verb} --model", readme, StringComparison.Ordinal);
        Assert.Contains($"| {verb} | loss |", readme, StringComparison.Ordinal);
        // 20 of 24 rows in batches of 8: the steps are those that were done, and not a sum of the recipe's.
        Assert.Contains("| 20 | 3 | 8 |", readme, StringComparison.Ordinal);
        string report = File.ReadAllText(Path.Combine(output, "training/report.html"));
        Assert.Contains("the loss on held-out rows is", report, StringComparison.Ordinal);
        // A share of so few pairs is no share without its interval.
        if (verb != "sft") Assert.Matches("\\d [[]\\d.* % of 4 pairs are ranked as labelled, which are too few", report);
        Assert.Contains("24 rows", report, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(Path.Combine(output, "training/tensorboard", verb), "*tfevents*"));
    }

    /// <summary>An empty folder was left where a refused command would have put its result.</summary>
    [Fact]
    public void A_refused_start_leaves_no_folder_on_the_way_to_its_output()
    {
        File.WriteAllText(At("bad.jsonl"), "{}\n");
        Command.Refused("sft", "--model", Model, "--data", At("bad.jsonl"), "--output", At("new/deeper/out"), "--device", "cpu");
        Assert.False(Path.Exists(At("new")));
        Directory.CreateDirectory(At("mine"));
        Command.Refused("sft", "--model", Model, "--data", At("bad.jsonl"), "--output", At("mine/deeper/out"), "--device", "cpu");
        Assert.Empty(Directory.GetFileSystemEntries(At("mine")));
    }

    /// <summary>A tracker that is not there is said so once; the training is none of its business.</summary>
    [Fact]
    public void A_tracker_that_does_not_answer_fails_no_training()
    {
        Result done = Command.Done(Sft(At("out"), "--set", "report.mlflow=http://127.0.0.1:9"));
        Assert.Single(done.Error.Split('\n'), line => line.Contains("no longer sent to MLflow", StringComparison.Ordinal));
    }
}
