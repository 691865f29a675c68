using System.CommandLine;

namespace Hone.Cli;

/// <summary><c>--port N</c>, of the commands that are looked at over HTTP.</summary>
internal static class PortFlag
{
    /// <exception cref="InputException">It is no port.</exception>
    public static int Of(ParseResult parsed, Option<int> flag) => parsed.GetValue(flag) is >= 0 and <= 65535 and var port ? port
        : throw new InputException($"--port is {parsed.GetValue(flag)}, it must be 0 to 65535");
}
