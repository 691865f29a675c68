using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>A task of one's own, a reward model on RewardBench's pairs, and flags as lm-evaluation-harness spells them.</summary>
public sealed class OwnTaskTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void A_task_file_is_asked_and_graded()
    {
        TinyModel.OneThread();
        string model = TinyModel.Write(_folder.File("model"));
        File.WriteAllText(_folder.File("rows.jsonl"), """{"q": "the sea is", "a": "deep", "b": "dry"}""" + "\n");
        File.WriteAllText(_folder.File("sea.yaml"),
            "data: rows.jsonl\nprompt: \"{{q}}\"\nchoices: [\"{{a}}\", \"{{b}}\"]\ntarget: deep\n");
        JsonNode json = Command.Done("eval", "--model", model, "--task", _folder.File("sea.yaml"), "--device", "cpu", "--json",
            "--output-path", _folder.File("out")).Json;
        Assert.InRange((double)json["results"]!["sea"]!["acc,none"]!, 0, 1);
        Assert.Contains("given with --task sea.yaml", Command.Refused("eval", "--model", model, "--tasks", "sea.yaml"),
            StringComparison.Ordinal);
        File.WriteAllText(_folder.File("sea.yaml"), "data: rows.jsonl\npromt: x\n");
        Assert.Contains("sea.yaml:2:1: a task has no key `promt`\n  Did you mean prompt?", Command.Refused("eval", "--model", model,
            "--task", _folder.File("sea.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reward_model_is_measured_on_pairs()
    {
        TinyModel.OneThread();
        string model = TinyModel.WriteReward(_folder.File("reward"));
        File.WriteAllText(_folder.File("filtered.jsonl"), """
            {"prompt": "the sea", "chosen": "is deep", "rejected": "is dry", "subset": "hep-go", "id": 1}
            {"prompt": "the sea", "chosen": "is dry", "rejected": "is deep", "subset": "hep-go", "id": 2}

            """);
        JsonNode json = Command.Done("eval", "reward-bench", "--model", model, "--data", _folder.Path, "--device", "cpu", "--json").Json;
        Assert.Equal(0.5, (double)json["subsets"]!["hep-go"]!["accuracy"]!);
        Assert.Equal(0.5, (double)json["sections"]!["Reasoning"]!);
        Assert.Null(json["score"]);
        Assert.Contains("| hep-go | 50.0 |", Command.Done("eval", "reward-bench", "--model", model, "--data", _folder.Path,
            "--device", "cpu").Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--model_args", "pretrained=x", "--model FOLDER for pretrained=")]
    [InlineData("--num_fewshot", "5", "Did you mean --num-fewshot?")]
    [InlineData("-t", "gsm8k", "Hone spells it --tasks.")]
    [InlineData("--log_samples", "", "Did you mean --log-samples?")]
    [InlineData("--include_path", "tasks", "--task my-task.yaml")]
    [InlineData("--batch_size", "8", "Leave it out")]
    public void Words_of_the_harness_are_answered_with_hones(string flag, string value, string advice) => Assert.Contains(advice,
        Command.Refused(["eval", flag, .. value.Length > 0 ? (string[])[value] : []]), StringComparison.Ordinal);

    public void Dispose() => _folder.Dispose();
}
