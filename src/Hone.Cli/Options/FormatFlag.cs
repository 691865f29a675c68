using System.CommandLine;
using Hone.Data;

namespace Hone.Cli;

/// <summary><c>--format</c> of every verb that samples answers.</summary>
internal static class FormatFlag
{
    private static readonly string[] s_names = [.. Enum.GetNames<SamplingFormat>().Select(n => n.ToLowerInvariant())];

    public static Option<string?> Create() => new("--format")
    {
        Description = "In what answers are sampled: auto, as the model computes; on the CPU also fp32, bf16, int8 or int4.",
        HelpName = string.Join('|', s_names),
    };

    /// <summary>What is asked for; null where the flag is not given.</summary>
    /// <exception cref="InputException">There is no such format.</exception>
    public static SamplingFormat? Of(ParseResult parsed, Option<string?> option) => parsed.GetValue(option) switch
    {
        null => null,
        { } name when Array.IndexOf(s_names, name) is >= 0 and var index => (SamplingFormat)index,
        { } name => throw new InputException(
            $"--format is {name}, it must be one of {string.Join(", ", s_names)}", fix: "Choose one of these."),
    };
}
