using System.Runtime.InteropServices;

namespace Hone.Cli.Tests;

public sealed class OutputFolderTests
{
    [Fact]
    public void Native_libraries_are_those_of_this_system()
    {
        string runtimes = Path.Combine(AppContext.BaseDirectory, "runtimes"), own = RuntimeInformation.RuntimeIdentifier;
        string[] platforms = [.. Directory.EnumerateFiles(runtimes, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(runtimes, f).Split(Path.DirectorySeparatorChar)[0]).Distinct()];
        Assert.Contains(own, platforms);
        Assert.Empty(platforms.Except([own, own.Split('-')[0], "unix", "any"]));
    }
}
