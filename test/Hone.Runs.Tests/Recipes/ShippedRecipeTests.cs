using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Recipes;

public class ShippedRecipeTests
{
    private static string Root()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Hone.slnx"))) at = at.Parent;
        return Path.Combine(at!.FullName, "recipes");
    }

    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Root(), "*.yaml", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Root(), f)).Order()];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_shipped_recipe_loads(string file)
    {
        ResolvedRecipe recipe = ResolvedRecipe.Load(Path.Combine(Root(), file));
        ResolvedRecipe again = ResolvedRecipe.Parse(RecipeText.Show(recipe), "/elsewhere/recipe.yaml");
        Assert.Equal(RecipeText.Flatten(recipe.Value), RecipeText.Flatten(again.Value));
    }

    [Fact]
    public void The_quickstart_needs_nothing_else() => RecipeChecks.ForRun(ResolvedRecipe.Load(Path.Combine(Root(), "quickstart.yaml")));

    [Fact]
    public void The_8b_recipes_are_the_papers()
    {
        Recipe Load(string name) => ResolvedRecipe.Load(Path.Combine(Root(), "llama3-8b", name)).Value;
        SftOptions sft = Load("sft.yaml").Sft;
        Assert.Equal((2e-5, 32, 1, 0.03, (int?)8192), (sft.LearningRate, sft.BatchSize, sft.Epochs, sft.WarmupRatio, sft.PackingLength));
        RewardOptions reward = Load("reward.yaml").Reward;
        Assert.Equal((2e-6, 512, 1, 0.03, 4096, 1e-3),
            (reward.LearningRate, reward.BatchSize, reward.Epochs, reward.WarmupRatio, reward.MaxLength, reward.WeightDecay));
        OnlineOptions online = Load("online-dpo.yaml").Online;
        Assert.Equal((5e-7, 128, 2, 0.03, 0.1), (online.LearningRate, online.BatchSize, online.Epochs, online.WarmupRatio, online.Beta));
        Assert.Equal((3, 20_000, 8), (online.Iterations, online.PromptsPerIteration, online.Samples.Sum(s => s.Count)));
        Assert.Equal(1, Load("dpo-offline.yaml").OfflineDpo.Epochs);
    }

    [Theory]
    [InlineData("", "data.sft: the stage sft needs data")]
    [InlineData("sft: {enabled: false}", "data.preferences: the stage reward needs data")]
    [InlineData("data: {world: tiny}\nreward: {enabled: false}", "online DPO needs a reward model")]
    [InlineData("data: {stories: {files: [/, no/such]}}", "data.stories.files.1: there is no file or folder")]
    [InlineData("data: {sft: /}\nreward: {enabled: false}\noffline_dpo: {enabled: false}\nonline: {enabled: false}",
        "evaluation.enabled: the final table needs a reward model")]
    [InlineData("data: {world: tiny}\nmodel: no/such", "model: there is no file or folder")]
    [InlineData("data: {world: tiny}\nreward: {start_from: no/such}", "reward.start_from: there is no file or folder")]
    [InlineData("data: {sft: [/, no/such], preferences: /, prompts: /}", "data.sft.1: there is no file or folder")]
    [InlineData("data: {world: tiny}\nsft: {enabled: false}\nreward: {enabled: false}\noffline_dpo: {enabled: false}\nonline: {enabled: "
        + "false}", "no stage is enabled")]
    public void What_a_run_lacks_is_named(string yaml, string what)
    {
        ResolvedRecipe recipe = ResolvedRecipe.Parse(yaml, "/nowhere/recipe.yaml");
        Assert.Contains(what, Assert.Throws<InputException>(() => RecipeChecks.ForRun(recipe)).Message, StringComparison.Ordinal);
    }
}
