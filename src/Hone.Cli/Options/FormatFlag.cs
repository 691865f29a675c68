using System.CommandLine;
using Hone.Data;

namespace Hone.Cli;

/// <summary><c>--format</c> of every verb that samples answers.</summary>
internal static class FormatFlag
{
    private static readonly string[] s_names = [.. Enum.GetNames<SamplingFormat>().Select(n => n.ToLowerInvariant())];

    public static Option<string> Create() => new("--format")
    {
        Description = "In what answers are sampled: auto, as the model computes; on the CPU also fp32, bf16, int8 or int4.",
        DefaultValueFactory = _ => "auto",
    };

    /// <exception cref="InputException">There is no such format.</exception>
    public static SamplingFormat Of(ParseResult parsed, Option<string> option) =>
        Array.IndexOf(s_names, parsed.GetRequiredValue(option)) is >= 0 and var index ? (SamplingFormat)index
        : throw new InputException(
            $"--format is {parsed.GetValue(option)}, it must be one of {string.Join(", ", s_names)}", fix: "Choose one of these.");
}
