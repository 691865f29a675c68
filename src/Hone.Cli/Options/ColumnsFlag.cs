using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary><c>--map prompt=question,chosen=good</c>: the recipe's <c>data.columns</c>.</summary>
internal sealed class ColumnsFlag
{
    private readonly Option<string[]> _map = new("--map")
    {
        Description = "Columns by other names than layouts have, such as prompt=question,chosen=good: question is read as prompt.",
        HelpName = "name=column",
        AllowMultipleArgumentsPerToken = true,
    };

    public ColumnsFlag(Command command) => command.Add(_map);

    public IEnumerable<RecipeOverride> Overrides(ParseResult parsed) => parsed.GetValue(_map) is { Length: > 0 } given
        ? [RecipeOverride.Flag("--map", "data.columns", CommaList.Of(given))]
        : [];
}
