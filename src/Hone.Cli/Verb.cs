using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Hone.Cli;

/// <summary>A command with more to say in its own help than fits into the list of commands: what it needs, and an example.</summary>
internal sealed class Verb(string name, string description, string more) : Command(name, description)
{
    public string More { get; } = more;
}

/// <summary>The usual help, and under it what a verb has more to say.</summary>
internal sealed class VerbHelp(HelpAction usual) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override int Invoke(ParseResult parseResult)
    {
        usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb) parseResult.InvocationConfiguration.Output.WriteLine(verb.More);
        return 0;
    }
}
