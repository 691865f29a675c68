using System.Diagnostics;

namespace Hone.Cli.Tests;

/// <summary>
/// What needs no model starts without libtorch's 600 MB: neither its files nor its binding are in the process at its end.
/// </summary>
public sealed class LibTorchFreeTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--help")]
    [InlineData("run", "--help")]
    [InlineData("version")]
    [InlineData("runs", "nowhere")]
    [InlineData("recipe", "init")]
    [InlineData("report", "nowhere")]
    [InlineData("board", "nowhere")]
    public async Task It_is_not_loaded(params string[] args)
    {
        string[] loaded = await LoadedBy(args);
        Assert.Contains("assembly hone", loaded);
        Assert.Contains(loaded,
            l => l.StartsWith("mapped /", StringComparison.Ordinal) && l.EndsWith("libcoreclr.so", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded, IsTorch);
    }

    /// <summary>The same way of looking sees it where it is.</summary>
    [Fact]
    public async Task It_is_seen_where_it_is_loaded()
    {
        string[] loaded = await LoadedBy("doctor");
        Assert.Contains("assembly TorchSharp", loaded);
        Assert.Contains(loaded, l => l.Contains("libtorch_cpu", StringComparison.Ordinal));
    }

    // "assembly TorchSharp", "mapped /.../libtorch_cpu.so"; a checkout below a folder of that name is no find.
    private static bool IsTorch(string loaded) => Path.GetFileName(loaded).Contains("torch", StringComparison.OrdinalIgnoreCase);

    private async Task<string[]> LoadedBy(params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc/self/maps");
        string file = _folder.File("loaded.txt");
        using Process process = Command
            .Start(args, ("DOTNET_STARTUP_HOOKS", typeof(LibTorchFreeTests).Assembly.Location), (StartupHook.Variable, file));
        Result result = await Command.End(process);
        Assert.True(File.Exists(file), $"exit code {result.Code}\n{result.Out}{result.Error}");
        return await File.ReadAllLinesAsync(file);
    }
}
