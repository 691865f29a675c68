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
        Assert.Contains("AutoModelForCausalLM.from_pretrained(\".\")", card, StringComparison.Ordinal);
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

    private static YamlMappingNode FrontMatter(ModelCardInfo info)
    {
        string card = ModelCard.Render(info, FakeRun.Results());
        Assert.StartsWith("---\n", card, StringComparison.Ordinal);
        YamlStream yaml = new();
        yaml.Load(new StringReader(card[4..card.IndexOf("\n---\n\n", StringComparison.Ordinal)]));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }
}
