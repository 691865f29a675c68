using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Hone.Cli;

/// <summary>A command with more to say in its own help than fits into the list of commands: what it needs, and an example.</summary>
internal sealed class Verb(string name, string description, string more) : Command(name, description)
{
    public string More { get; } = more;
}

/// <summary>Verbs that serve one purpose, in the order in which a newcomer meets them.</summary>
internal sealed record VerbGroup(string Title, params IReadOnlyList<Command> Verbs);

/// <summary>The verbs in their groups; of one verb the usual help, and under it what it has more to say.</summary>
internal sealed class VerbHelp(HelpAction usual, IReadOnlyList<VerbGroup> groups) : SynchronousCommandLineAction
{
    public override bool Terminating => true;

    public override int Invoke(ParseResult parseResult)
    {
        TextWriter output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is RootCommand root) WriteGroups(root, output);
        else usual.Invoke(parseResult);
        if (parseResult.CommandResult.Command is Verb verb) output.WriteLine(verb.More);
        return 0;
    }

    private void WriteGroups(RootCommand root, TextWriter output)
    {
        output.WriteLine(root.Description);
        output.WriteLine("\nUsage: hone VERB [options]; hone VERB --help says what a verb takes. Begin with: hone quickstart");
        int width = groups.SelectMany(g => g.Verbs).Max(v => v.Name.Length);
        foreach (VerbGroup group in groups)
        {
            output.WriteLine($"\n{group.Title}");
            foreach (Command verb in group.Verbs) output.WriteLine($"  {verb.Name.PadRight(width)}  {verb.Description}");
        }
    }
}
