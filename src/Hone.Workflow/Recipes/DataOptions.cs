using System.ComponentModel.DataAnnotations;

namespace Hone.Workflow.Recipes;

/// <summary>Sources of conversations, preferences and prompts.</summary>
public sealed record DataOptions
{
    [Comment("tiny generates all data from the embedded world; none uses the files below.")]
    public DataWorld World { get; init; } = DataWorld.None;

    [Comment("Conversations for SFT: a file or folder, or a list of them.")]
    [RecipePath]
    public IReadOnlyList<string> Sft { get; init; } = [];

    [Comment("Preference pairs for the reward model and offline DPO: a file or folder, or a list of them.")]
    [RecipePath]
    public IReadOnlyList<string> Preferences { get; init; } = [];

    [Comment("Prompts for the online iterations: a file or folder, or a list of them.")]
    [RecipePath]
    public IReadOnlyList<string> Prompts { get; init; } = [];

    [Comment("Rows set aside before any training.")]
    public HeldOutOptions HeldOut { get; init; } = new();

    [Comment("Most rows used of each kind after the held-out rows are taken.")]
    public DataLimits Limits { get; init; } = new();
}

/// <summary>Rows that no training stage sees; the parts are disjoint.</summary>
public sealed record HeldOutOptions
{
    [Comment("Conversations for the SFT evaluation loss.")]
    [Range(0, 1_000_000)]
    public int Sft { get; init; } = 500;

    [Comment("Preference pairs that judge the reward model. The public code evaluates on 500 of its training pairs instead.")]
    [Range(0, 1_000_000)]
    public int Reward { get; init; } = 500;

    [Comment("Prompts on which the best online iterate is chosen.")]
    [Range(0, 1_000_000)]
    public int Selection { get; init; } = 256;

    [Comment("Prompts of the final evaluation.")]
    [Range(0, 1_000_000)]
    public int Test { get; init; } = 500;
}

/// <summary>Upper limits on the rows read; null takes all.</summary>
public sealed record DataLimits
{
    [Comment("Conversations; null = all.")]
    [Range(1, int.MaxValue)]
    public int? Sft { get; init; }

    [Comment("Preference pairs; null = all.")]
    [Range(1, int.MaxValue)]
    public int? Preferences { get; init; }

    [Comment("Prompts; null = all.")]
    [Range(1, int.MaxValue)]
    public int? Prompts { get; init; }
}
