using Hone.Runs.Recipes;

namespace Hone.Cli.Tests;

public class RecipeVerbTests
{
    public static TheoryData<string> Shipped =>
        [.. Directory.EnumerateFiles(Repository.File("recipes"), "*.yaml", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Repository.Root, f)).Order()];

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Every_shipped_recipe_validates(string recipe)
    {
        Result result = Command.Done("recipe", "validate", Repository.File(recipe), "--json");
        Assert.True((bool)result.Json["valid"]!);
        if (recipe.EndsWith("quickstart.yaml", StringComparison.Ordinal)) Assert.True((bool)result.Json["runs_here"]!);
    }

    [Fact]
    public void Init_writes_a_recipe_that_validates_and_never_over_another()
    {
        using var folder = new TempFolder();
        Command.Done("recipe", "init", folder.File("my.yaml"));
        Assert.Equal(Command.Done("recipe", "init").Out, File.ReadAllText(folder.File("my.yaml")));
        Command.Done("recipe", "validate", folder.File("my.yaml"));
        Assert.Contains("something here already", Command.Refused("recipe", "init", folder.File("my.yaml")), StringComparison.Ordinal);
    }

    [Fact]
    public void Show_gives_every_value_its_origin_and_loads_again()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("my.yaml"), "sft:\n  epochs: 3\n");
        string[] show = ["recipe", "show", folder.File("my.yaml"), "--set", "online.beta=0.2", "--seed", "5"];
        File.WriteAllText(folder.File("shown.yaml"), Command.Done(show).Out);
        Recipe again = ResolvedRecipe.Load(folder.File("shown.yaml")).Value;
        Assert.Equal((3, 0.2, 5), (again.Sft.Epochs, again.Online.Beta, again.Seed));
        var json = Command.Done([.. show, "--json"]).Json;
        Assert.Equal("my.yaml:2", (string?)json["sft.epochs"]!["origin"]);
        Assert.Equal("--set online.beta=0.2", (string?)json["online.beta"]!["origin"]);
        Assert.Equal("--seed 5", (string?)json["seed"]!["origin"]);
        Assert.Equal("default", (string?)json["reward.epochs"]!["origin"]);
    }

    [Theory]
    [InlineData("sft:\n  epocs: 3\n", "my.yaml:2:3", "Did you mean 'epochs'?")]
    [InlineData("seed: -1\n", "my.yaml:1:7", "Allowed: from 0")]
    [InlineData("data: {world: none}\n", "data.sft: the stage sft needs data", "sft.enabled: false")]
    public void Validate_names_place_and_remedy(string yaml, string where, string fix)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("my.yaml"), yaml);
        string error = Command.Refused("recipe", "validate", folder.File("my.yaml"));
        Assert.Contains(where, error, StringComparison.Ordinal);
        Assert.Contains(fix, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_lacks_a_file_leaves_no_folder()
    {
        using var folder = new TempFolder();
        string error = Command.Refused("run", Repository.File("recipes/llama3-8b/sft.yaml"), "--output", folder.File("run"));
        Assert.Contains("there is no file or folder", error, StringComparison.Ordinal);
        Assert.False(Path.Exists(folder.File("run")));
    }
}
