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
            Description = "Folder that holds runs or evaluations, or is one. Default: runs, with the evaluations in eval-results.",
            DefaultValueFactory = _ => "runs",
        };
        var port = new Option<int>("--port")
        {
            Description = "Port; 0 takes a free one. Default 8001, or a free one where that is taken.",
        };
        var command = new Verb("board", "Look at runs in a browser: curves, samples, tables, while they go on.", """
            The runs of a folder with their states, curves over each other, what their recipes differ in, the sampled answers with
            rewards; evaluations (hone eval, lm_eval) with intervals, side by side. Pages renew themselves; folders are only read.
            On this machine only; the address goes to stdout.
            hone run --board and hone quickstart --board show a run while it goes on.

            Examples:
              hone board
              hone board eval-results
            """)
        { folder, port };
        var common = new CommonOptions(command);
        common.Act(command, io, parsed =>
        {
            string root = parsed.GetRequiredValue(folder);
            if (!Directory.Exists(root) && parsed.GetResult(folder) is { Tokens.Count: > 0 })
                throw new InputException("there is no such folder", root,
                    "hone board FOLDER shows the runs and evaluations in it; without FOLDER,\n  those in runs/ and eval-results/.");
            string? beside = parsed.GetResult(folder) is { Tokens.Count: > 0 } ? null : "eval-results";
            int asked = PortFlag.Of(parsed, port);
            bool given = parsed.GetResult(port) is { IdentifierTokenCount: > 0 };
            return RunAsync(io, root, beside, given ? asked : UsualPort, orAnother: !given).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(Streams io, string root, string? evaluations, int port, bool orAnother)
    {
        using var stop = new StopSignal(_ => io.Error.WriteLine("closing"));
        await using WebApplication server = await BoardServer.StartAsync(root, port, orAnother, evaluations).ConfigureAwait(false);
        io.Out.WriteLine(server.Urls.Single());
        io.Out.Flush();
        io.Error.WriteLine($"showing what is in {root}{(evaluations is null ? "" : $" and {evaluations}")}; Ctrl+C ends it");
        await stop.ComesAsync().ConfigureAwait(false);
        await server.StopAsync(CancellationToken.None).ConfigureAwait(false);
        return 0;
    }
}
