namespace Hone.Runs.Recipes;

/// <summary>What is made of an option, where several stages share a section.</summary>
[Flags]
internal enum StagePart
{
    /// <summary>What a stage is given: it is seen there, rows by their content and models by their digest.</summary>
    Given = 1,

    /// <summary>Answers sampled to learn from.</summary>
    Samples = 2,

    /// <summary>Pairs made from scored answers.</summary>
    Pairs = 4,

    /// <summary>A trained model.</summary>
    Training = 8,

    /// <summary>Answers that are judged.</summary>
    Answers = 16,

    /// <summary>The final table, which is made anew by every process.</summary>
    Table = 32,
}

/// <summary>
/// The parts that an option decides; on a record, those of all options declared in it that do not say otherwise. An
/// option without a word goes into all parts, so one that is forgotten makes too many stages new, never too few.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Class, Inherited = false)]
internal sealed class DecidesAttribute(StagePart parts) : Attribute
{
    public StagePart Parts { get; } = parts;
}
