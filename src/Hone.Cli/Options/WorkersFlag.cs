using System.CommandLine;
using Hone.Runs.Recipes;

namespace Hone.Cli;

/// <summary><c>--workers http://a:8000 http://b:8000</c>: the recipe's <c>workers</c>.</summary>
internal sealed class WorkersFlag
{
    private readonly Option<string[]> _workers = new("--workers")
    {
        Description = "Inference servers that sample and score in place of this process (vLLM, SGLang, hone serve); "
            + "their key is taken from HONE_WORKER_KEY.",
        HelpName = "url",
        AllowMultipleArgumentsPerToken = true,
    };

    public WorkersFlag(Command command) => command.Add(_workers);

    public IEnumerable<RecipeOverride> Overrides(ParseResult parsed) => parsed.GetValue(_workers) is { Length: > 0 } given
        ? [RecipeOverride.Flag("--workers", "workers", CommaList.Of(given))]
        : [];
}
