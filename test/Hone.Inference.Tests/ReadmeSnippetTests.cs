using System.Runtime.CompilerServices;

namespace Hone.Inference.Tests;

public class ReadmeSnippetTests
{
    [Fact]
    public void The_snippet_runs()
    {
        using var folder = new TempFolder();
        TinyModelFolder.Write(folder.Path);
        ReadmeSnippet.Run(folder.Path);
    }

    [Fact]
    public void The_readme_shows_the_snippet_as_it_is()
    {
        string readme = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "..", "README.md");
        if (!File.Exists(readme)) Assert.Skip("the sources, and so the README, are not at hand");
        Assert.Contains(Snippet(), File.ReadAllText(readme).ReplaceLineEndings("\n"));
    }

    private static string Snippet()
    {
        string[] lines = File.ReadAllLines(Path.Combine(Path.GetDirectoryName(ThisFile())!, "ReadmeSnippet.cs"));
        int begin = Array.FindIndex(lines, l => l.Trim() == "// README begin");
        int end = Array.FindIndex(lines, l => l.Trim() == "// README end");
        int indent = lines[begin].Length - lines[begin].TrimStart().Length;
        return string.Join('\n', lines[(begin + 1)..end].Select(l => l.Length >= indent ? l[indent..] : ""));
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
