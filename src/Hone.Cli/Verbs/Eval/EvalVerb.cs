using System.CommandLine;

namespace Hone.Cli;

/// <summary><c>hone eval</c>: benchmarks.</summary>
internal static class EvalVerb
{
    public static Command Create(Streams io) => new("eval", "Measure models on benchmarks, and print results.")
    {
        EvalTableVerb.Create(io),
    };
}
