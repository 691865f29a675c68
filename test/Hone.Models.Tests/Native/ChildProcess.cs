using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Hone.Models.Tests;

/// <summary>
/// Runs one of <see cref="s_actions"/> in a fresh process of this test program: for what happens once per process, such as
/// loading libtorch. The process starts this assembly again with the action's name in an environment variable, and runs
/// the action before anything else, inside the module's initializer: an action starts no threads of its own.
/// </summary>
internal static class ChildProcess
{
    private const string Variable = "HONE_TEST_CHILD";

    private static readonly Dictionary<string, Action<string>> s_actions = new()
    {
        ["libtorch"] = LibTorchTests.PrintWhatWasLoaded,
        ["twin"] = LibTorchTests.PrintTwin,
        ["memory"] = WeightFolderTests.PrintPeakOfLoading,
        ["save"] = WeightWriterTests.SaveInto,
    };

    public static async Task<(int Code, string Output, string Error)> Run(
        string action, string argument = "", IReadOnlyDictionary<string, string>? environment = null, string? shell = null)
    {
        ProcessStartInfo start = new(shell is null ? Environment.ProcessPath! : "/bin/sh")
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (string part in shell is null ? [] : (string[])["-c", shell + " \"$0\" \"$@\"", Environment.ProcessPath!])
            start.ArgumentList.Add(part);
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        start.Environment[Variable] = action + "\n" + argument;
        start.Environment.Remove(LibTorch.FolderVariable);
        foreach ((string key, string value) in environment ?? new Dictionary<string, string>()) start.Environment[key] = value;
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }

    [ModuleInitializer]
    internal static void RunWhenAsked()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { } request) return;
        string[] parts = request.Split('\n', 2);
        try
        {
            s_actions[parts[0]](parts[1]);
            Environment.Exit(0);
        }
        catch (InputException e)
        {
            Console.Error.WriteLine(e.Message);
            Environment.Exit(2);
        }
    }
}
