using System.Diagnostics;
using Hone.Runs;
using Hone.Runs.Recipes;

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
    public async Task It_is_not_loaded(params string[] args)
    {
        string[] loaded = await LoadedBy(args);
        Assert.Contains("assembly hone", loaded);
        Assert.Contains(loaded,
            l => l.StartsWith("mapped /", StringComparison.Ordinal) && l.EndsWith("libcoreclr.so", StringComparison.Ordinal));
        Assert.DoesNotContain(loaded, IsTorch);
    }

    [Fact]
    public async Task The_board_shows_runs_without_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "reads /proc");
        ResolvedRecipe recipe = ResolvedRecipe.Parse("name: some\nmodel: world\ndata: {world: tiny}", "some.yaml");
        RunFolder.Create(_folder.File("some"), recipe, TimeProvider.System).Dispose();
        using Process process = Command.Start(["board", _folder.Path, "--port", "0"]);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri((await process.StandardOutput.ReadLineAsync())!) };
            string[] pages = ["/", "/run/some", "/run/some/curves", "/run/some/samples", "/run/some/recipe", "/compare?run=some"];
            foreach (string page in pages)
                Assert.Contains("some", await client.GetStringAsync(page), StringComparison.Ordinal);
            string[] mapped = await File.ReadAllLinesAsync($"/proc/{process.Id}/maps");
            Assert.Contains(mapped, l => l.EndsWith("libcoreclr.so", StringComparison.Ordinal));
            Assert.DoesNotContain(mapped, l => IsTorch(l));
        }
        finally
        {
            process.Kill();
        }
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
