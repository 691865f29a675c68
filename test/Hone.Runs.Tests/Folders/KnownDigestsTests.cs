namespace Hone.Runs.Tests.Folders;

public sealed class KnownDigestsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private KnownDigests Known() => new(_folder.Path, _folder.File("digests.json"));

    [Fact]
    public void A_file_with_the_same_length_and_time_is_not_read_again()
    {
        File.WriteAllText(_folder.File("a"), "one");
        KnownDigests known = Known();
        FileDigest first = known.Of(_folder.Path, "a");
        known.Save();
        DateTime time = File.GetLastWriteTimeUtc(_folder.File("a"));
        File.WriteAllText(_folder.File("a"), "two");
        File.SetLastWriteTimeUtc(_folder.File("a"), time);
        Assert.Equal(first, Known().Of(_folder.Path, "a")); // not read: that is the point, and why it is a guess
        Assert.NotEqual(first, Known().Read(_folder.Path, "a"));
        File.SetLastWriteTimeUtc(_folder.File("a"), time.AddSeconds(1));
        Assert.Equal(FileDigest.Of(_folder.Path, "a"), Known().Of(_folder.Path, "a"));
        File.WriteAllText(_folder.File("a"), "three");
        Assert.Equal(FileDigest.OfPath(_folder.File("a")), Known().OfPath(_folder.File("a")));
    }

    [Fact]
    public void They_hold_where_the_folder_is_moved_to()
    {
        string before = _folder.File("before"), after = _folder.File("after");
        Directory.CreateDirectory(before);
        File.WriteAllText(Path.Combine(before, "a"), "one");
        var known = new KnownDigests(before, Path.Combine(before, "digests.json"));
        FileDigest first = known.Of(before, "a");
        known.Save();
        Directory.Move(before, after);
        DateTime time = File.GetLastWriteTimeUtc(Path.Combine(after, "a"));
        File.WriteAllText(Path.Combine(after, "a"), "two");
        File.SetLastWriteTimeUtc(Path.Combine(after, "a"), time);
        Assert.Equal(first, new KnownDigests(after, Path.Combine(after, "digests.json")).Of(after, "a"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[1]")]
    [InlineData("{\"a\": 1}")]
    public void A_record_that_is_damaged_is_made_anew(string content)
    {
        File.WriteAllText(_folder.File("digests.json"), content);
        File.WriteAllText(_folder.File("a"), "one");
        Assert.Equal(FileDigest.Of(_folder.Path, "a"), Known().Of(_folder.Path, "a"));
    }
}
