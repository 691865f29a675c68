using System.CommandLine;
using Hone.Cli;

var root = new RootCommand("Online RLHF for .NET: SFT, reward model, DPO and iterative (online) DPO, evaluation, release.")
{
    QuickstartVerb.Create(),
    RunVerb.Create(),
    WorldBaseVerb.Create(),
};
return root.Parse(args).Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
