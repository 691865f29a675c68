using System.CommandLine;
using System.CommandLine.Help;

namespace Hone.Cli;

/// <summary>The command line: what is typed after <c>hone</c>, to an exit code.</summary>
public static class Cli
{
    /// <summary>Runs one command.</summary>
    /// <param name="args">The arguments after the program's name.</param>
    /// <param name="stdout">The result and nothing else.</param>
    /// <param name="stderr">Progress, messages and errors.</param>
    /// <param name="stdin">What is typed into a chat; null for nothing.</param>
    /// <returns>0 done, 1 failed, 2 wrong usage or input, 130 interrupted.</returns>
    public static int Run(IReadOnlyList<string> args, TextWriter stdout, TextWriter stderr, TextReader? stdin = null)
    {
        var io = new Streams(stdin ?? TextReader.Null, stdout, stderr) { Args = args };
        RootCommand root = Commands(io);
        bool help = args is [HelpVerb.Name, not "--help", ..] or [HelpVerb.Name];
        ParseResult parsed = root.Parse(help ? [.. args.Skip(1), "--help"] : args);
        bool helps = parsed.Action is HelpAction or VerbHelp;
        if ((!helps || (help && parsed.UnmatchedTokens.Count > 0)) && Usage.Problem(parsed) is { } problem)
        {
            stderr.WriteLine($"error: {problem}");
            return 2;
        }
        return parsed.Invoke(new InvocationConfiguration { Output = stdout, Error = stderr, EnableDefaultExceptionHandler = false });
    }

    internal static RootCommand Commands(Streams io)
    {
        VerbGroup[] groups =
        [
            new("The whole loop", QuickstartVerb.Create(io), RecipeVerb.Create(io), RunVerb.Create(io), RunsVerb.Create(io),
                ReportVerb.Create(io), BoardVerb.Create(io)),
            new("Data", DataVerb.Create(io), RenderVerb.Create(io), TokenizeVerb.Create(io)),
            new("Training, stage by stage", SftVerb.Create(io), RewardVerb.Create(io), SampleVerb.Create(io), ScoreVerb.Create(io),
                PairVerb.Create(io), DpoVerb.Create(io), LaunchVerb.Create(io)),
            new("Using a model", PullVerb.Create(io), ChatVerb.Create(io), ServeVerb.Create(io), ExportVerb.Create(io)),
            new("Measuring a model", EvalVerb.Create(io), CompareVerb.Create(io), LogProbsVerb.Create(io)),
            new("About Hone and this machine", DoctorVerb.Create(io), VersionVerb.Create(io), HelpVerb.Create(io),
                CompletionVerb.Create(io), WorldBaseVerb.Create(io)),
        ];
        var root = new RootCommand("Online RLHF for .NET: SFT, reward model, DPO and iterative (online) DPO, evaluation, release.");
        foreach (Command verb in groups.SelectMany(g => g.Verbs)) root.Add(verb);
        foreach (HelpOption help in root.Options.OfType<HelpOption>()) help.Action = new VerbHelp((HelpAction)help.Action!, groups);
        return root;
    }
}
