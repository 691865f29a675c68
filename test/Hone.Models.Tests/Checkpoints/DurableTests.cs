namespace Hone.Models.Tests;

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
        Durable.FlushFolder(folder.Path);
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
        if (!OperatingSystem.IsWindows()) Assert.Throws<InputException>(() => Durable.FlushFolder(folder.File("no")));
    }
}
