using Hone.Workflow.Metrics;

namespace Hone.Cli;

/// <summary>Where a command reads and writes: the result goes to <paramref name="Out"/>, everything else to <paramref name="Error"/>.</summary>
internal sealed record Streams(TextReader In, TextWriter Out, TextWriter Error)
{
    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Whether a person watches a terminal, whose last line may be rewritten.</summary>
    public bool Live => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Whether the result goes to a terminal that wants colours (https://no-color.org).</summary>
    public bool Colors => ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public ProgressDisplay Progress() => new(Error, Live, TimeProvider.System, s_plainInterval, () => Console.BufferWidth);
}
