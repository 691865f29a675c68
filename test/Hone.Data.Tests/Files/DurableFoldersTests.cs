namespace Hone.Data.Tests.Files;

public class DurableFoldersTests
{
    private static readonly DurableFiles s_files = DurableFiles.Instance;

    [Fact]
    public void A_folder_appears_whole()
    {
        using TempFolder folder = new();
        string target = folder.File("new/parents/model");
        Directory.CreateDirectory(target + ".partial/of-a-killed-process");
        s_files.WriteFolder(target + "/", beside =>
        {
            Assert.False(Directory.Exists(target));
            Directory.CreateDirectory(Path.Combine(beside, "inner"));
            File.WriteAllText(Path.Combine(beside, "inner/a"), "one");
        });
        Assert.Equal(["inner/a"], DurableFolders.FilesBelow(target));
        Assert.Equal([target], Directory.GetFileSystemEntries(Path.GetDirectoryName(target)!));
    }

    [Fact]
    public void A_failed_folder_leaves_nothing()
    {
        using TempFolder folder = new();
        InputException e = Assert.Throws<InputException>(() => s_files.WriteFolder(folder.File("model"), beside =>
        {
            File.WriteAllText(Path.Combine(beside, "a"), "one");
            throw new IOException("No space left on device");
        }));
        Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
        Assert.Contains("Free space", e.Fix, StringComparison.Ordinal);
        Assert.Throws<ArithmeticException>(() => s_files.WriteFolder(folder.File("model"), _ => throw new ArithmeticException()));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    /// <summary>A model file that was read-only where it came from could not be synced, and a release ended there.</summary>
    [Fact]
    public void A_read_only_file_is_synced()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows syncs only what is open for writing");
        using TempFolder folder = new();
        s_files.WriteFolder(folder.File("model"), beside =>
        {
            string file = Path.Combine(beside, "a");
            File.WriteAllText(file, "one");
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(file, UnixFileMode.UserRead);
        });
        Assert.Equal("one", File.ReadAllText(folder.File("model/a")));
    }

    /// <summary>Removing a folder followed a link in it and removed what it led to.</summary>
    [Fact]
    public void A_link_is_removed_and_not_what_it_leads_to()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder.File("mine"));
        File.WriteAllText(folder.File("mine/a"), "one");
        Directory.CreateDirectory(folder.File("stage/model"));
        Directory.CreateSymbolicLink(folder.File("stage/model/link"), folder.File("mine"));
        s_files.DeleteTree(folder.File("stage"));
        Assert.Equal([folder.File("mine")], Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal("one", File.ReadAllText(folder.File("mine/a")));
    }

    [Fact]
    public void What_a_killed_process_left_is_removed()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder.File("state-000100.partial/inner"));
        File.WriteAllText(folder.File("state-000100.partial/inner/a"), "o");
        File.WriteAllText(folder.File("manifest.json.partial"), "{");
        File.WriteAllText(folder.File("manifest.json"), "{}");
        s_files.DeletePartial(folder.Path);
        Assert.Equal([folder.File("manifest.json")], Directory.GetFileSystemEntries(folder.Path));
    }
}
