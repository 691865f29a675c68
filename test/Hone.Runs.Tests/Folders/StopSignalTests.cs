using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hone.Runs.Tests.Folders;

public class StopSignalTests
{
    [Fact]
    public void The_first_signal_asks_to_stop_and_the_second_is_left_to_the_system()
    {
        List<string> said = [];
        using StopSignal stop = new(said.Add);
        PosixSignalContext first = new(PosixSignal.SIGTERM);
        stop.Received(first);
        Assert.True(first.Cancel);
        Assert.True(stop.Token.IsCancellationRequested);
        PosixSignalContext second = new(PosixSignal.SIGINT);
        stop.Received(second);
        Assert.False(second.Cancel);
        Assert.Single(said);
    }

    [Fact]
    public async Task A_real_sigterm_is_received()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("POSIX signals only");
        using StopSignal stop = new(_ => { });
        TaskCompletionSource stopped = new();
        using CancellationTokenRegistration registration = stop.Token.Register(stopped.SetResult);
        using Process kill = Process.Start("kill", ["-TERM", $"{Environment.ProcessId}"]);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }
}
