using System.CommandLine;
using System.Runtime.InteropServices;
using Hone.Models;

namespace Hone.Cli;

/// <summary><c>hone version</c>: which Hone this is, and what it was built for.</summary>
internal static class VersionVerb
{
    public static string Number => typeof(VersionVerb).Assembly.GetName().Version!.ToString(3);

    public static Command Create(Streams io)
    {
        var command =
            new Verb("version", "Print the version of Hone, .NET and libtorch.", "hone doctor says whether all of it works here.");
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            ResultPrinter.Print(io.Out, common.Json(parsed),
                ("hone", Number),
                ("dotnet", RuntimeInformation.FrameworkDescription),
                ("libtorch", LibTorch.RequiredVersion));
            return 0;
        });
        return command;
    }
}
