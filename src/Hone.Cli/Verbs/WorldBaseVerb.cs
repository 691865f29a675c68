using System.CommandLine;
using Hone.Runs;
using Hone.Runs.Metrics;
using Hone.Workflow.World;

namespace Hone.Cli;

/// <summary><c>hone world-base</c>: trains the embedded world's base model anew, as the shipped one was made.</summary>
internal static class WorldBaseVerb
{
    public static Command Create(Streams io)
    {
        var output = new Option<string>("--output") { Description = "Folder of the model; must not exist yet.", Required = true };
        var command = new Verb("world-base", "Train the embedded small world's base model from scratch, as the shipped one was made.", """
            hone quickstart begins with this model; nobody needs to make it again.

            Example:
              hone world-base --output models/world-base
            """)
        { output };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string folder = parsed.GetRequiredValue(output);
            if (Path.Exists(folder))
                throw new InputException("There is something here already.", folder, "Give the model another place with --output.");
            ProgressDisplay display = io.Progress();
            using var stop = new StopSignal(display.Say);
            WorldBaseModel.Train(folder, report => display.Show(new ProgressStep("base", report.Step, report.TotalSteps,
                [KeyValuePair.Create("loss", report.Metrics["loss"])], report.Tokens, Environment.WorkingSet)), stop.Token);
            display.End();
            ResultPrinter.Print(io.Out, common.Json(parsed), ("model", folder));
            return 0;
        });
        return command;
    }
}
