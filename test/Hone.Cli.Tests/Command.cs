using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

/// <summary>What a command left: exit code, stdout, stderr.</summary>
internal sealed record Result(int Code, string Out, string Error)
{
    public JsonNode Json => JsonNode.Parse(Out)!;
}

/// <summary>Runs commands: in this process, or in one of its own where it is to be killed.</summary>
internal static partial class Command
{
    public static Result Run(params string[] args) => Type("", args);

    /// <summary>Runs a command with lines typed into it.</summary>
    public static Result Type(string typed, params string[] args)
    {
        using var stdin = new StringReader(typed);
        using StringWriter stdout = new(), stderr = new();
        int code = Cli.Run(args, stdout, stderr, stdin);
        return new Result(code, stdout.ToString(), stderr.ToString());
    }

    /// <summary>Runs a command that must succeed.</summary>
    public static Result Done(params string[] args)
    {
        Result result = Run(args);
        Assert.True(result.Code == 0, $"hone {string.Join(' ', args)}: exit code {result.Code}\n{result.Error}");
        return result;
    }

    /// <summary>Runs a command that must be refused with exit code 2, one message and nothing on stdout.</summary>
    public static string Refused(params string[] args)
    {
        Result result = Run(args);
        Assert.True(result.Code == 2, $"hone {string.Join(' ', args)}: exit code {result.Code}\n{result.Out}{result.Error}");
        Assert.Empty(result.Out);
        Assert.DoesNotContain("   at Hone.", result.Error, StringComparison.Ordinal);
        return result.Error;
    }

    /// <summary>Starts <c>hone</c> as a process of its own.</summary>
    public static Process Start(IReadOnlyList<string> args, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(Cli).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OMP_NUM_THREADS"] = "1"; // as in this process, so that both give the same weights
        start.Environment["DOTNET_TieredPGO"] = "0"; // as in this process: it ends before what it counts is of use
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Waits for a process and reads what it left.</summary>
    public static async Task<Result> End(Process process)
    {
        Task<string> stdout = process.StandardOutput.ReadToEndAsync(), stderr = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Result(process.ExitCode, await stdout, await stderr);
    }

    /// <summary>Sends a signal at once: a program that does it has to start first. 0 where it was sent.</summary>
    [LibraryImport("libc", EntryPoint = "kill")]
    public static partial int Signal(int process, int signal);
}
