using Hone.Runs.Recipes;

namespace Hone.Workflow.Tests.Loop;

/// <summary>Trap 19: configurations at the public code's head have label smoothing 0.1 and no warm-up; the paper has neither.</summary>
public sealed class PaperDefaultsTrapTests
{
    [Fact]
    public void Trap_19_no_label_smoothing_and_a_warm_up_by_default()
    {
        var recipe = new Recipe();
        Assert.Equal((0, 0), (recipe.OfflineDpo.LabelSmoothing, recipe.Online.LabelSmoothing));
        Assert.All(new TrainOptions[] { recipe.Sft, recipe.Reward, recipe.OfflineDpo, recipe.Online },
            o => Assert.Equal(0.03, o.WarmupRatio));
    }

    [Fact]
    public void Trap_19_departures_are_named_where_the_recipe_is_shown()
    {
        string shown = RecipeText.Show(ResolvedRecipe.Parse("online: {label_smoothing: 0.1, reference: previous}", "mine.yaml"));
        string[] online = [.. shown[shown.IndexOf("\nonline:", StringComparison.Ordinal)..].Split('\n')];
        Assert.Contains(online, l => l.Contains("label_smoothing: 0.1 ", StringComparison.Ordinal)
            && l.Contains("# mine.yaml:1 | ", StringComparison.Ordinal) && l.Contains("Paper: none", StringComparison.Ordinal));
        Assert.Contains(online, l => l.Contains("reference: previous ", StringComparison.Ordinal)
            && l.Contains("# mine.yaml:1 | ", StringComparison.Ordinal) && l.Contains("fixed (paper", StringComparison.Ordinal));
    }
}
