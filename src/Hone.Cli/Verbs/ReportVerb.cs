using System.CommandLine;
using Hone.Runs;

namespace Hone.Cli;

/// <summary><c>hone report RUN</c>: writes the report of a run again.</summary>
internal static class ReportVerb
{
    public static Command Create(Streams io)
    {
        var run = new Argument<string>("run") { Description = "Folder of a finished run." };
        var command = new Verb("report", "Write report.html of a run again.", """
            Example:
              hone report runs/2025-01-31-quickstart
            """)
        { run };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string folder = parsed.GetRequiredValue(run);
            if (!Directory.Exists(folder)) throw new InputException("there is no run here", folder, "hone runs lists the runs.");
            ResultPrinter.Print(io.Out, common.Json(parsed), ("report", ReportWriter.Write(folder)));
            return 0;
        });
        return command;
    }
}
