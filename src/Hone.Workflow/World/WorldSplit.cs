using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>
/// Which split a prompt belongs to, by a hash of its content and nothing else: splits are disjoint by construction, for
/// every seed and however many prompts are drawn.
/// </summary>
internal static class WorldSplit
{
    public const string Base = "base", Sft = "sft", Labels = "labels", LabelsTest = "labels-test", Selection = "selection", Test = "test";

    /// <summary>Online iterations that have prompts of their own.</summary>
    public const int MostIterations = 16;

    private const int Buckets = 64;

    /// <summary>The split of online iteration 1, 2, ...</summary>
    public static string Iteration(int number) =>
        number is >= 1 and <= MostIterations
            ? $"iteration-{number}"
            : throw new ArgumentOutOfRangeException(nameof(number), number,
                $"the small world has prompts for iterations 1 to {MostIterations}");

    /// <summary>The split that <paramref name="prompt"/> belongs to.</summary>
    public static string Of(string prompt) => (int)(Seeds.Derive(0, prompt) % Buckets) switch
    {
        < 16 => Base,
        < 28 => Sft,
        < 36 => Labels,
        < 39 => LabelsTest,
        < 42 => Selection,
        < 48 => Test,
        int bucket => Iteration(bucket - 47),
    };

    /// <summary>True for the name of a split.</summary>
    public static bool Exists(string name) =>
        name is Base or Sft or Labels or LabelsTest or Selection or Test
        || Enumerable.Range(1, MostIterations).Any(i => Iteration(i) == name);
}
