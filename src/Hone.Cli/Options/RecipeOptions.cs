using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary>The flags that change a recipe: <c>--set</c>, and <c>--seed</c> and <c>--device</c> for two of its keys.</summary>
internal sealed class RecipeOptions
{
    private readonly Option<string[]> _set = new("--set")
    {
        Description = "KEY=VALUE: overrides a key of the recipe, for example sft.epochs=2.",
        HelpName = "key=value",
    };
    private readonly Option<int?> _seed = new("--seed")
    {
        Description = $"Seed of everything random; default: the recipe's, {new Recipe().Seed} where it says nothing.",
    };
    private readonly Option<string?> _device = new("--device")
    {
        Description = "auto, cpu, cuda or cuda:N; default: the recipe's, auto where it says nothing.",
    };

    public RecipeOptions(Command command)
    {
        command.Add(_set);
        command.Add(_seed);
        command.Add(_device);
    }

    /// <summary>The overrides in the order in which they hold: a flag of its own beats <c>--set</c>.</summary>
    public IReadOnlyList<RecipeOverride> Overrides(ParseResult parsed)
    {
        List<RecipeOverride> overrides = [.. (parsed.GetValue(_set) ?? []).Select(RecipeOverride.Set)];
        if (parsed.GetValue(_seed) is { } seed) overrides.Add(RecipeOverride.Flag("--seed", "seed", $"{seed}"));
        if (parsed.GetValue(_device) is { } device) overrides.Add(RecipeOverride.Flag("--device", "device", device));
        return overrides;
    }
}
