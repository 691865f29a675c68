using System.CommandLine;

namespace Hone.Cli;

/// <summary>What every verb takes: how results and errors are printed.</summary>
internal sealed class CommonOptions
{
    private readonly Option<bool> _json = new("--json") { Description = "Print the result as JSON on stdout." };
    private readonly Option<bool> _verbose = new("--verbose") { Description = "Show where an error comes from." };

    public CommonOptions(Command command)
    {
        command.Add(_json);
        command.Add(_verbose);
    }

    public bool Json(ParseResult parsed) => parsed.GetValue(_json);

    /// <summary>Makes <paramref name="verb"/> what the command does.</summary>
    public void Act(Command command, Streams io, Func<ParseResult, int> verb) =>
        command.SetAction(parsed => Exit.Code(io, parsed.GetValue(_verbose), () => verb(parsed)));
}
