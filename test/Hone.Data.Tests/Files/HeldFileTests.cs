namespace Hone.Data.Tests.Files;

public sealed class HeldFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string Path => _folder.File("lock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_file_is_held_once_and_seen_to_be()
    {
        Assert.False(HeldFile.IsHeld(Path)); // it is not there
        using (FileStream? held = HeldFile.TryTake(Path))
        {
            Assert.NotNull(held);
            Assert.True(HeldFile.IsHeld(Path));
            Assert.Null(HeldFile.TryTake(Path));
        }
        Assert.False(HeldFile.IsHeld(Path));
    }

    /// <summary>Two looks at once took each other for a process that works on the run.</summary>
    [Fact]
    public void Looks_do_not_see_each_other()
    {
        File.WriteAllText(Path, "");
        using FileStream look = new(Path, FileMode.Open, FileAccess.Read, FileShare.Read); // as IsHeld has it
        Assert.False(HeldFile.IsHeld(Path));
        int seen = 0;
        Parallel.For(0, 2000, _ =>
        {
            if (HeldFile.IsHeld(Path)) Interlocked.Increment(ref seen);
        });
        Assert.Equal(0, seen);
    }

    [Fact]
    public async Task Who_waits_says_so_once_and_gets_the_file()
    {
        FileStream first = HeldFile.TryTake(Path)!;
        var waits = new TaskCompletionSource();
        Task<FileStream> second = HeldFile.TakeAsync(Path, TestContext.Current.CancellationToken, waits.SetResult);
        await waits.Task;
        Assert.False(second.IsCompleted);
        await first.DisposeAsync();
        await (await second).DisposeAsync();
    }
}
