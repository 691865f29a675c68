using System.Runtime.Loader;

/// <summary>
/// A startup hook of .NET (DOTNET_STARTUP_HOOKS): runs in a child process before its Main, and when that process ends writes
/// the managed assemblies and the native files that it has in memory to the file named by <see cref="Variable"/>.
/// </summary>
internal static class StartupHook
{
    internal const string Variable = "HONE_TESTS_LOADED";

    public static void Initialize()
    {
        string? file = Environment.GetEnvironmentVariable(Variable);
        if (file is null) return;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => File.WriteAllLines(file,
        [
            .. AssemblyLoadContext.All.SelectMany(c => c.Assemblies).Select(a => $"assembly {a.GetName().Name}"),
            .. File.ReadLines("/proc/self/maps")
                .Select(l => $"mapped {l.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^1]}").Distinct(),
        ]);
    }
}
