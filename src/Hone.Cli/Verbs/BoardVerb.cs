using System.CommandLine;
using Hone.Runs;
using Hone.Server;
using Microsoft.AspNetCore.Builder;

namespace Hone.Cli;

/// <summary><c>hone board</c>: pages about runs, in a browser.</summary>
internal static class BoardVerb
{
    public const int UsualPort = 8001;

    public static Command Create(Streams io)
    {
        var folder = new Argument<string>("runs")
        {
            Description = "Folder that holds runs, or a run. Default: runs.", DefaultValueFactory = _ => "runs",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port; 0 takes a free one. Default 8001, or a free one where that is taken.",
        };
        var command = new Verb("board", "Look at runs in a browser: curves, samples, tables, while they go on.", """
            The runs of a folder with their states, curves over each other, what their recipes differ in, the sampled answers with
            rewards. Pages renew themselves; run folders are only read. On this machine only; the address goes to stdout.
            hone run --board and hone quickstart --board show a run while it goes on.

            Example:
              hone board
            """)
        { folder, port };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string root = parsed.GetRequiredValue(folder);
            if (!Directory.Exists(root) && parsed.GetResult(folder) is { Tokens.Count: > 0 })
                throw new InputException("there is no such folder", root,
                    "hone board FOLDER shows the runs in it; without FOLDER, those in runs/.");
            int asked = PortFlag.Of(parsed, port);
            bool given = parsed.GetResult(port) is { IdentifierTokenCount: > 0 };
            return RunAsync(io, root, given ? asked : UsualPort, orAnother: !given).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(Streams io, string root, int port, bool orAnother)
    {
        using var stop = new StopSignal(_ => io.Error.WriteLine("closing"));
        await using WebApplication server = await BoardServer.StartAsync(root, port, orAnother).ConfigureAwait(false);
        io.Out.WriteLine(server.Urls.Single());
        io.Out.Flush();
        io.Error.WriteLine($"showing the runs in {root}; Ctrl+C ends it");
        await stop.ComesAsync().ConfigureAwait(false);
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return 0;
    }
}
