using System.CommandLine;

namespace Hone.Cli;

/// <summary><c>hone help VERB</c>, which is <c>hone VERB --help</c>; <see cref="Cli.Run"/> reads it so.</summary>
internal static class HelpVerb
{
    public const string Name = "help";

    public static Command Create(Streams io)
    {
        var verb = new Argument<string[]>("verb")
        {
            Description = "The verb; left out lists all there are.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Verb(Name, "Say what a verb does and takes.", """
            Examples:
              hone help
              hone help recipe init
            """)
        { verb };
        var common = new CommonOptions(command);
        common.Act(command, io, _ => 0);
        return command;
    }
}
