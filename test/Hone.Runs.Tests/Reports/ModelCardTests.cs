using YamlDotNet.RepresentationModel;

namespace Hone.Runs.Tests;

public class ModelCardTests
{
    private static readonly ModelCardInfo s_info = new()
    {
        Name = "quickstart",
        BaseModel = "the embedded small world",
        RecipeYaml = "seed: 42\nnote: |\n  ```\n  not the end\n",
        Stages = [new TrainingStage("sft", "generated dialogues", 8192, 256, 32, 1.5e-3),
            new TrainingStage("online-dpo-1", "best against worst of 8", 1019, 32, 32, 1e-4)],
        IsDemonstration = true,
    };

    [Fact]
    public void Front_matter_is_yaml_that_the_hub_reads()
    {
        YamlMappingNode front = FrontMatter(s_info with { License = "llama3", BaseModelId = "meta-llama/Meta-Llama-3-8B" });
        Assert.Equal("llama3", front["license"].ToString());
        Assert.Equal("meta-llama/Meta-Llama-3-8B", front["base_model"].ToString());
        Assert.Equal("transformers", front["library_name"].ToString());
        YamlMappingNode bare = FrontMatter(s_info);
        Assert.False(bare.Children.ContainsKey("license"));
        Assert.False(bare.Children.ContainsKey("base_model"));
    }

    /// <summary>The fields that hub-docs' modelcard.md calls required, with the types that it gives them.</summary>
    [Fact]
    public void The_model_index_has_what_the_hub_requires_and_the_intervals()
    {
        YamlMappingNode front = FrontMatter(s_info with { DatasetIds = ["openai/gsm8k", "openai/gsm8k"], Languages = ["en", "English"] });
        Assert.Equal(["en"], Texts(front["language"]));
        Assert.Equal(["openai/gsm8k"], Texts(front["datasets"]));
        Assert.Equal(["hone", "rlhf", "dpo", "online-dpo"], Texts(front["tags"]));
        Assert.Equal("text-generation", front["pipeline_tag"].ToString());
        YamlNode entry = ((YamlSequenceNode)front["model-index"]).Children.Single();
        Assert.Equal("quickstart", entry["name"].ToString());
        YamlNode result = ((YamlSequenceNode)entry["results"]).Children.Single();
        Assert.Equal("text-generation", result["task"]["type"].ToString());
        Assert.NotEmpty(result["dataset"]["type"].ToString());
        Assert.NotEmpty(result["dataset"]["name"].ToString());
        YamlNode[] metrics = [.. (YamlSequenceNode)result["metrics"]];
        Assert.Equal(["win_rate", "lc_win_rate", "kl"], metrics.Select(m => m["type"].ToString()));
        ResultRow released = FakeRun.Results().Rows.First(r => r.Selected);
        Assert.Equal(released.GoldWinRate!.Value.Value, Number(metrics[0]["value"]), 6);
        Assert.Equal(released.GoldWinRate!.Value.Low, Number(metrics[0]["args"]["interval_low"]), 6);
        Assert.Equal(released.GoldWinRate!.Value.High, Number(metrics[0]["args"]["interval_high"]), 6);
        // A reward model's own figure, and none where nothing was measured.
        YamlMappingNode reward = FrontMatter(s_info with { IsRewardModel = true });
        YamlNode results = ((YamlSequenceNode)reward["model-index"])[0]["results"];
        Assert.Equal("accuracy", ((YamlSequenceNode)results)[0]["metrics"][0]["type"].ToString());
        YamlMappingNode nothing = FrontMatter(s_info, FakeRun.Results() with { Rows = [] });
        Assert.False(nothing.Children.ContainsKey("model-index"));
        Assert.False(FrontMatter(s_info).Children.ContainsKey("datasets"));
    }

    [Fact]
    public void The_snippet_runs_with_both_versions_of_transformers()
    {
        string card = ModelCard.Render(s_info, FakeRun.Results());
        Assert.Contains("return_dict=True", card, StringComparison.Ordinal);
        Assert.Contains("model.generate(**inputs.to(model.device)", card, StringComparison.Ordinal);
        Assert.Contains("\"torch_dtype\" if transformers.__version__.startswith(\"4.\") else \"dtype\"", card, StringComparison.Ordinal);
        string reward = ModelCard.Render(s_info with { IsRewardModel = true }, FakeRun.Results());
        Assert.Contains("AutoModelForSequenceClassification.from_pretrained", reward, StringComparison.Ordinal);
    }

    [Fact]
    public void A_hostile_licence_cannot_leave_its_scalar()
    {
        string hostile = "mine\"\nbase_model: evil\n---\n# \u2028x\\";
        YamlMappingNode front = FrontMatter(s_info with { License = hostile, BaseModelId = hostile });
        Assert.Equal("other", front["license"].ToString());
        Assert.Equal(hostile, ((YamlScalarNode)front["license_name"]).Value);
        Assert.Equal(hostile, ((YamlScalarNode)front["base_model"]).Value);
    }

    [Fact]
    public void The_card_tells_training_results_use_and_limits()
    {
        using TempFolder folder = new();
        string card = File.ReadAllText(ModelCard.Write(folder.Path, s_info, FakeRun.Results()));
        Assert.Equal("README.md", Path.GetFileName(Directory.GetFiles(folder.Path).Single()));
        Assert.Contains("| sft | generated dialogues | 8,192 | 256 | 32 | 1.5e-3 |", card, StringComparison.Ordinal);
        Assert.Contains(ResultTable.Of(FakeRun.Results()).ToMarkdown(), card, StringComparison.Ordinal);
        Assert.Contains("online-dpo-3 loses to offline-dpo", card, StringComparison.Ordinal);
        Assert.Contains("AutoModelForCausalLM.from_pretrained(\".\"", card, StringComparison.Ordinal);
        Assert.Contains("hone chat .", card, StringComparison.Ordinal);
        Assert.Contains("is of no use as an assistant", card, StringComparison.Ordinal);
        Assert.Contains("````yaml\n", card, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weak_reward_model_and_a_missing_judge_are_among_the_limits()
    {
        string card = ModelCard.Render(s_info with { IsDemonstration = false }, FakeRun.WithoutGold());
        Assert.Contains("found too weak to optimise against", card, StringComparison.Ordinal);
        Assert.Contains("No judge independent of the reward model", card, StringComparison.Ordinal);
        Assert.Contains("states no licence", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_cannot_become_markup()
    {
        string card = ModelCard.Render(s_info with { Name = "x\n# y <img src=z> [a](javascript:b) | c" }, FakeRun.Results());
        Assert.Contains("# x \\# y &lt;img src=z\\> \\[a\\]\\(javascript:b\\) \\| c\n", card, StringComparison.Ordinal);
    }

    private static string[] Texts(YamlNode list) => [.. ((YamlSequenceNode)list).Select(item => item.ToString())];

    private static double Number(YamlNode value) => double.Parse(value.ToString(), System.Globalization.CultureInfo.InvariantCulture);

    private static YamlMappingNode FrontMatter(ModelCardInfo info, RunResults? results = null)
    {
        string card = ModelCard.Render(info, results ?? FakeRun.Results());
        Assert.StartsWith("---\n", card, StringComparison.Ordinal);
        YamlStream yaml = new();
        yaml.Load(new StringReader(card[4..card.IndexOf("\n---\n\n", StringComparison.Ordinal)]));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
