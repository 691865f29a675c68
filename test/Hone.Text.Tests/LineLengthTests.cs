using System.Runtime.CompilerServices;

namespace Hone.Text.Tests;

/// <summary>A rule of the whole repository: no line of C# is longer than 140 characters.</summary>
public sealed class LineLengthTests
{
    private const int Most = 140;

    [Fact]
    public void No_line_is_too_long()
    {
        string root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(Here())!, "..", ".."));
        Assert.SkipUnless(File.Exists(Path.Combine(root, "Hone.slnx")), "the sources are not where they were built");
        string[] tooLong = [.. Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(root, file).Replace('\\', '/'))
            .Where(file => !file.Split('/').Any(part => part is "bin" or "obj" || part.StartsWith('.')))
            .SelectMany(file => File.ReadLines(Path.Combine(root, file)).Index()
                .Where(line => line.Item.Length > Most)
                .Select(line => $"{file}:{line.Index + 1}: {line.Item.Length} characters"))];
        Assert.True(tooLong.Length == 0, string.Join('\n', tooLong));
    }

    private static string Here([CallerFilePath] string path = "") => path;
}
