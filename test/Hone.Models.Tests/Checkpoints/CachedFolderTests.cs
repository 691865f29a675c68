namespace Hone.Models.Tests;

public sealed class CachedFolderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A link to a file that may not be written to, or is gone, was opened for writing and ended the command.</summary>
    [Fact]
    public void What_a_link_leads_to_is_not_touched()
    {
        string made = Make("a", partial => File.CreateSymbolicLink(Path.Combine(partial, "weights"), _folder.File("not there")));
        Assert.Equal(_folder.File("not there"), new FileInfo(Path.Combine(made, "weights")).LinkTarget);
    }

    [Fact]
    public void The_same_thing_has_the_same_folder_and_is_made_once()
    {
        string first = Make("a", partial => File.WriteAllText(Path.Combine(partial, "x"), "1"));
        Assert.Equal(first, Make("a", _ => throw new InvalidOperationException("made again")));
        Assert.NotEqual(first, Make("b", _ => { }));
    }

    /// <summary>Two processes that began at the same time: the second finds the folder when its own is done.</summary>
    [Fact]
    public void One_that_was_slower_takes_what_is_there()
    {
        string first = "";
        string second = Make("a", partial =>
        {
            Directory.Move(partial, partial + ".aside");
            first = Make("a", own => File.WriteAllText(Path.Combine(own, "x"), "first"));
            Directory.Move(partial + ".aside", partial);
        });
        Assert.Equal(first, second);
        Assert.Equal("first", File.ReadAllText(Path.Combine(second, "x")));
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder.File("root")));
    }

    [Fact]
    public void A_failure_leaves_nothing()
    {
        Assert.Throws<InputException>(() => Make("a", _ => throw new IOException("full")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.File("root")));
    }

    private string Make(string identity, Action<string> fill) => CachedFolder.Of(_folder.File("root"), "model", identity, fill);
}
