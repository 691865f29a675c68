using System.CommandLine;
using Hone.Workflow.Metrics;
using Hone.Workflow.Runs;
using Hone.Workflow.World;

namespace Hone.Cli;

/// <summary><c>hone world-base</c>: trains the embedded world's base model anew, as the shipped one was made.</summary>
internal static class WorldBaseVerb
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        var output = new Option<string>("--output") { Description = "Folder of the model; must not exist yet.", Required = true };
        var verbose = new Option<bool>("--verbose") { Description = "Show where an error comes from." };
        var command = new Command("world-base", "Train the embedded small world's base model from scratch, as the shipped one was made.") { output, verbose };
        command.SetAction(parsed => Exit.Code(parsed.GetValue(verbose), () =>
        {
            string folder = parsed.GetValue(output)!;
            if (Path.Exists(folder)) throw new InputException("There is something here already.", folder, "Give the model another place with --output.");
            var display = new ProgressDisplay(Console.Error, live: !Console.IsErrorRedirected, TimeProvider.System, s_plainInterval, () => Console.BufferWidth);
            using var stop = new StopSignal(display.Say);
            WorldBaseModel.Train(folder, report => display.Show(new ProgressStep("base", report.Step, report.TotalSteps,
                [KeyValuePair.Create("loss", report.Metrics["loss"])], report.Tokens, Environment.WorkingSet)), stop.Token);
            display.End();
            Console.Out.WriteLine(folder);
            return 0;
        }));
        return command;
    }
}
