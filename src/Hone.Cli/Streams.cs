using Hone.Data;
using Hone.Inference;
using Hone.Runs.Metrics;

namespace Hone.Cli;

/// <summary>
/// Where a command reads and writes: the result goes to <paramref name="Out"/>, everything else to <paramref name="Error"/>.
/// </summary>
internal sealed record Streams(TextReader In, TextWriter Out, TextWriter Error)
{
    /// <summary>What was typed after <c>hone</c>.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>The command that goes on with what is being done, should it be interrupted; null where nothing is kept.</summary>
    public string? GoOn { get; set; }

    /// <summary>The command as it was typed, with <c>--resume</c>.</summary>
    public string Resumed() => Line(Args.Contains("--resume") ? Args : [.. Args, "--resume"]);

    /// <summary>A command line for a shell of Unix.</summary>
    public static string Line(IEnumerable<string> args) => string.Join(' ', args.Prepend("hone").Select(arg =>
        arg.Length > 0 && arg.All(c => char.IsAsciiLetterOrDigit(c) || "_./:=,@%+-".Contains(c, StringComparison.Ordinal))
            ? arg : $"'{arg.Replace("'", "'\\''", StringComparison.Ordinal)}'"));

    private static readonly TimeSpan s_plainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Whether a person watches a terminal, whose last line may be rewritten.</summary>
    public bool Live => ReferenceEquals(Error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>Whether the result goes to a terminal that wants colours (https://no-color.org).</summary>
    public bool Colors => ReferenceEquals(Out, Console.Out) && !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    /// <summary>The folder of a model that was named by a path or by its id on a hub; a GGUF file is opened as one.</summary>
    public string Model(string given) => ModelPath.Folder(given, Error.WriteLine);

    /// <summary>The same with a chat template in place of the model's own; null or empty for that one.</summary>
    public string Model(string given, string? template) =>
        ModelPath.Folder(given, string.IsNullOrEmpty(template) ? null : template, Error.WriteLine);

    /// <summary>Paths of data, ids of a hub replaced by where their files are.</summary>
    public string[] Data(string[] given) => [.. given.Select(g => HubPath.Data(g, Error.WriteLine))];

    public ProgressDisplay Progress() => new(Error, Live, TimeProvider.System, s_plainInterval, () => Console.BufferWidth);
}
