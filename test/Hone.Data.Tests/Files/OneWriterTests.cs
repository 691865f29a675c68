using System.Text.RegularExpressions;

namespace Hone.Data.Tests.Files;

/// <summary>Files are written, synced and renamed in src/Hone.Data/Files and nowhere else.</summary>
public partial class OneWriterTests
{
    // What may stand elsewhere, and why.
    private static readonly Dictionary<string, string> s_allowed = new()
    {
        ["Hone.Runs/Metrics/MetricsLog.cs"] = "a log that grows; its rows are synced before the state that counts them",
        ["Hone.Runs/Metrics/TensorBoardEvents.cs"] = "a log that grows while TensorBoard reads it; made anew from metrics.jsonl",
        ["Hone.Runs/Folders/RunLock.cs"] = "says who holds the lock; it means nothing after the process",
        ["Hone.Server/Arena/VoteFile.cs"] = "a log that grows, a synced row per vote; cut to whole rows when it is taken up",
        ["Hone.Data/Hub/HubDownload.cs"] = "a download that goes on where it broke off; Durable gives it its name",
        ["Hone.Evaluation/Code/SyscallFilter.cs"] = "a file for one child process",
        ["Hone.Text/Gguf/GgufVocabularyWriter.cs"] = "writes into a partial folder, which GgufFolder syncs and renames",
        ["Hone.Models/Gguf/GgufFolder.cs"] = "writes into a partial folder, which it syncs and renames by way of Durable",
    };

    [GeneratedRegex("""
        \bFile\.(Move|Replace|Write|Create\(|OpenWrite)|Directory\.Move|\b[fF]sync"|Flush\((flushToDisk|true)|FlushToDisk\(
        |FileMode\.(Create\b|CreateNew|Truncate)|new\ StreamWriter\(path|"[^"\n]*\.(partial|tmp)"
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Writes();

    [Fact]
    public void No_other_place_writes_a_file_in_its_own_way()
    {
        string src = Sources();
        string[] found = [.. Directory.EnumerateFiles(src, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Name: Path.GetRelativePath(src, file).Replace('\\', '/'), Text: File.ReadAllText(file)))
            .Where(f => !f.Name.StartsWith("Hone.Data/Files/", StringComparison.Ordinal))
            .Where(f => !f.Name.Contains("/obj/", StringComparison.Ordinal) && Writes().IsMatch(f.Text))
            .Select(f => f.Name)];
        Assert.Equal(s_allowed.Keys.Order(StringComparer.Ordinal), found.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("File.Move(a, b, overwrite: true);")]
    [InlineData("File.WriteAllText(path, text);")]
    [InlineData("stream.Flush(flushToDisk: true);")]
    [InlineData("RandomAccess.FlushToDisk(handle);")]
    [InlineData("[LibraryImport(\"libc\", EntryPoint = \"fsync\")]")]
    [InlineData("new FileStream(path, FileMode.Create)")]
    [InlineData("string beside = folder + \".partial\";")]
    [InlineData("using var file = new StreamWriter(path, append: false);")]
    public void Each_such_way_would_be_found(string line) => Assert.Matches(Writes(), line);

    [Theory]
    [InlineData("File.ReadAllText(path); Directory.CreateDirectory(folder); File.CreateSymbolicLink(a, b); stream.Flush();")]
    [InlineData("new FileStream(path, FileMode.Open, FileAccess.Read)")]
    [InlineData("RowFile.Write(path, rows); Durable.WriteFile(path, write); JudgedFile.WriteLines(path, rows);")]
    public void Reading_is_free(string line) => Assert.DoesNotMatch(Writes(), line);

    private static string Sources()
    {
        DirectoryInfo? at = new(AppContext.BaseDirectory);
        while (at is not null && !File.Exists(Path.Combine(at.FullName, "Hone.slnx"))) at = at.Parent;
        return Path.Combine(at!.FullName, "src");
    }
}
