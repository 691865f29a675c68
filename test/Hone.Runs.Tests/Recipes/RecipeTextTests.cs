using CsCheck;
using Hone.Runs.Recipes;

namespace Hone.Runs.Tests.Recipes;

public class RecipeTextTests
{
    private static ResolvedRecipe Parse(string yaml, params string[] sets) =>
        ResolvedRecipe.Parse(yaml, "/somewhere/recipe.yaml", [.. sets.Select(RecipeOverride.Set)]);

    [Fact]
    public void The_shown_recipe_names_each_origin()
    {
        string[] shown = RecipeText.Show(Parse("seed: 7\nonline:\n  beta: 0.3\n", "online.learning_rate=2e-6")).Split('\n');
        Assert.Contains(shown,
            l => l.StartsWith("seed: 7 ", StringComparison.Ordinal) && l.Contains("# recipe.yaml:1 |", StringComparison.Ordinal));
        Assert.Contains(shown,
            l => l.StartsWith("  beta: 0.3 ", StringComparison.Ordinal) && l.Contains("# recipe.yaml:3 |", StringComparison.Ordinal));
        Assert.Contains(shown, l => l.StartsWith("  learning_rate: 2e-06 ", StringComparison.Ordinal)
            && l.Contains("# --set online.learning_rate=2e-6 |", StringComparison.Ordinal));
        Assert.Contains(shown,
            l => l.StartsWith("    - count: 4 ", StringComparison.Ordinal) && l.Contains("# default |", StringComparison.Ordinal));
        Assert.All(shown.Where(l => l.Length > 0), l => Assert.Contains(" # ", l, StringComparison.Ordinal));
    }

    [Fact]
    public void The_shown_recipe_loads_to_the_same_values_from_another_folder()
    {
        ResolvedRecipe first = Parse("""
            name: round-trip
            data: {sft: [a b.jsonl, "c: #d", "null", "- e", "\"f\"\u2028\u0085g\t", "é🙂"], prompts: p}
            sft: {learning_rate: 0.1, adam_epsilon: 1e-12, clip_norm: null, packing_length: 100}
            reward: {start_from: models/rm}
            online: {samples: [{count: 2, top_p: 0.30000000000000004}], max_kl: 8}
            """, "data.preferences=\"x\\ny: 1\"");
        string shown = RecipeText.Show(first);
        ResolvedRecipe second = ResolvedRecipe.Parse(shown, "/else/where/recipe.yaml");
        Assert.Equal(RecipeText.Flatten(first.Value), RecipeText.Flatten(second.Value));
        Assert.Equal("/somewhere/models/rm", second.Value.Reward.StartFrom);
    }

    [Fact]
    public void Any_text_and_number_survive_showing()
    {
        Gen<string> text = Gen.Char["abz :#-'\"\\\n\t{}[]&*!|>%@`,?~\u0085\u2028\ufeff\u0001\u007fé"].Array[1, 12]
            .Select(c => new string(c));
        Gen.Select(text, Gen.Double[1e-300, 1.0]).Sample((name, number) =>
        {
            ResolvedRecipe first = ResolvedRecipe.Parse("", "/x/r.yaml",
                new RecipeOverride("data.sft", name, new Origin(OriginKind.Flag, $"--data {name}")),
                RecipeOverride.Flag("--lr", "sft.learning_rate", number.ToString("R")));
            ResolvedRecipe second = ResolvedRecipe.Parse(RecipeText.Show(first), "/y/r.yaml");
            return RecipeText.Flatten(first.Value).SequenceEqual(RecipeText.Flatten(second.Value));
        }, iter: 300);
    }

    [Fact]
    public void The_starting_recipe_is_valid_as_it_is_and_with_every_key_switched_on()
    {
        ResolvedRecipe start = Parse(RecipeText.Init());
        RecipeChecks.ForRun(start);
        Assert.Equal(DataWorld.Tiny, start.Value.Data.World);
        ResolvedRecipe all = Parse(RecipeText.Init().Replace("#: ", "", StringComparison.Ordinal));
        Assert.Equal(RecipeText.Flatten(start.Value), RecipeText.Flatten(all.Value));
        Assert.DoesNotContain("default", all.OriginOf("online.samples.0.count").ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Flattened_options_name_every_value()
    {
        Dictionary<string, string> flat = new(RecipeText.Flatten(new OnlineOptions(), "online"));
        Assert.Equal("0.1", flat["online.beta"]);
        Assert.Equal("2", flat["online.samples.count"]);
        Assert.Equal("0.7", flat["online.samples.1.temperature"]);
        Assert.Equal("null", flat["online.max_kl"]);
        Assert.Equal("max_min", flat["online.pairs"]);
    }

    [Fact]
    public void Every_flattened_value_has_an_origin()
    {
        ResolvedRecipe recipe = Parse("data: {sft: [a, b]}\n", "online.samples.1.count=2");
        Dictionary<string, string> origins = RecipeText.Flatten(recipe.Value)
            .ToDictionary(v => v.Key, v => recipe.OriginOf(v.Key).ToString());
        Assert.Equal(("recipe.yaml:1", "recipe.yaml:1"), (origins["data.sft.count"], origins["data.sft.1"]));
        Assert.Equal(("default", "--set online.samples.1.count=2"), (origins["online.samples.count"], origins["online.samples.1.count"]));
    }
}
