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

    [Comment("Plain text by people in place of conversations, preferences and prompts, for a model that continues text.")]
    public StoryOptions Stories { get; init; } = new();

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

/// <summary>
/// Plain text as the only data: SFT learns how people go on, and in the preferences their answers are chosen over the SFT
/// policy's own (as in SPIN, arXiv 2401.01335).
/// </summary>
public sealed record StoryOptions
{
    [Comment("Plain text files or folders of them. Each paragraph (line) gives a prompt and its true answer.")]
    [RecipePath]
    public IReadOnlyList<string> Files { get; init; } = [];

    [Comment("Sentences of a paragraph that are the prompt; the rest is the answer. What is longer than online.max_new_tokens is dropped and counted.")]
    [Range(1, 1000)]
    public int Opening { get; init; } = 1;

    [Comment("Rejected answers that the SFT policy writes to each preference prompt.")]
    [Range(1, 64)]
    public int Rejected { get; init; } = 1;
}
