using System.Runtime.InteropServices;

namespace Hone.Runs;

/// <summary>
/// Ctrl+C and SIGTERM as a cancellation token. The first asks the run to save and end (exit code 130), the second is
/// left to the system and ends the process at once.
/// </summary>
internal sealed class StopSignal : IDisposable
{
    /// <summary>Exit code of an interrupted command.</summary>
    public const int ExitCode = 130;

    private readonly CancellationTokenSource _source = new();
    private readonly List<PosixSignalRegistration> _registrations;
    private readonly Action<string> _say;

    public StopSignal(Action<string> say)
    {
        _say = say;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, Received),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, Received),
        ];
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Ends when the first has come.</summary>
    public Task ComesAsync() => Task.Delay(Timeout.Infinite, Token).ContinueWith(_ => { }, TaskScheduler.Default);

    internal void Received(PosixSignalContext context)
    {
        if (_source.IsCancellationRequested) return;
        context.Cancel = true;
        _say("stopping after this step and saving; once more stops at once");
        _source.Cancel();
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        _source.Dispose();
    }
}
