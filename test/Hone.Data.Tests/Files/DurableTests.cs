namespace Hone.Data.Tests.Files;

public class DurableTests
{
    [Fact]
    public void The_new_content_replaces_the_old()
    {
        using TempFolder folder = new();
        Durable.WriteFile(folder.File("a"), s => s.Write("one"u8));
        Durable.WriteFile(folder.File("a"), s => s.Write("three"u8));
        Assert.Equal("three", File.ReadAllText(folder.File("a")));
        Assert.Single(Directory.GetFiles(folder.Path));
        Durable.SyncFolder(folder.Path);
    }

    [Fact]
    public void A_failed_write_keeps_the_old_content_and_leaves_nothing()
    {
        using TempFolder folder = new();
        Durable.WriteFile(folder.File("a"), s => s.Write("one"u8));
        InputException e = Assert.Throws<InputException>(() => Durable.WriteFile(folder.File("a"), s =>
        {
            s.Write(new byte[100_000]);
            throw new IOException("No space left on device");
        }));
        Assert.Contains("No space left on device", e.Message, StringComparison.Ordinal);
        Assert.Throws<ArithmeticException>(() => Durable.WriteFile(folder.File("a"), _ => throw new ArithmeticException()));
        Assert.Equal("one", File.ReadAllText(folder.File("a")));
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_folder_that_is_not_there()
    {
        using TempFolder folder = new();
        Assert.Throws<InputException>(() => Durable.WriteFile(folder.File("no/a"), s => s.Write("one"u8)));
        if (!OperatingSystem.IsWindows()) Assert.Throws<InputException>(() => Durable.SyncFolder(folder.File("no")));
    }

    [Fact]
    public void A_file_that_grew_gets_its_name_and_stays_when_that_fails()
    {
        using TempFolder folder = new();
        File.WriteAllText(folder.File("a.incomplete"), "one");
        Assert.Throws<InputException>(() => Durable.Publish(folder.File("a.incomplete"), folder.File("no/a")));
        Assert.Equal("one", File.ReadAllText(folder.File("a.incomplete")));
        Durable.Publish(folder.File("a.incomplete"), folder.File("a"));
        Assert.Equal([folder.File("a")], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void A_text_is_UTF8_without_a_mark()
    {
        using TempFolder folder = new();
        Durable.WriteText(folder.File("a"), "é\n");
        Assert.Equal([0xC3, 0xA9, (byte)'\n'], File.ReadAllBytes(folder.File("a")));
    }

    [Fact]
    public void Content_is_on_the_disk_before_the_name_and_the_name_on_return()
    {
        using TempFolder folder = new();
        Recorder files = new();
        files.WriteFile(folder.File("a"), s => s.Write("one"u8));
        string name = Path.GetFileName(folder.Path);
        Assert.Equal(["create a.partial", "sync a.partial", "move a.partial a", $"sync folder {name}"], files.Done);
    }

    [Theory]
    [InlineData("create")]
    [InlineData("sync a")]
    [InlineData("move")]
    [InlineData("sync folder")]
    public void An_operation_that_fails_is_told_with_what_to_do(string operation)
    {
        using TempFolder folder = new();
        Recorder files = new() { Fails = operation };
        InputException e = Assert.Throws<InputException>(() => files.WriteFile(folder.File("a"), s => s.Write("one"u8)));
        Assert.Equal(folder.File("a"), e.Where);
        Assert.Contains("Free space", e.Fix, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(folder.Path), DurableFolders.IsPartial);
    }

    private sealed class Recorder : IDurableFiles
    {
        private readonly DurableFiles _real = DurableFiles.Instance;

        public List<string> Done { get; } = [];

        public string Fails { get; init; } = "none";

        public void CreateFolder(string path) => _real.CreateFolder(path);

        public Stream Create(string path)
        {
            Do("create", path);
            return _real.Create(path);
        }

        public void Sync(string path) => Do("sync", path);

        public void SyncFolder(string path) => Do("sync folder", path);

        public void Move(string from, string to)
        {
            Do("move", from, " " + Path.GetFileName(to));
            _real.Move(from, to);
        }

        public void DeleteFile(string path) => _real.DeleteFile(path);

        public void DeleteFolder(string path) => _real.DeleteFolder(path);

        private void Do(string kind, string path, string more = "")
        {
            string operation = $"{kind} {Path.GetFileName(path)}{more}";
            if (operation.StartsWith(Fails, StringComparison.Ordinal)) throw new IOException("No space left on device");
            Done.Add(operation);
        }
    }
}
