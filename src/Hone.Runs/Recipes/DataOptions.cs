using System.ComponentModel.DataAnnotations;

namespace Hone.Runs.Recipes;

/// <summary>Sources of conversations, preferences and prompts.</summary>
[Decides(StagePart.Given)]
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

    [Comment("Shares of the entries above, in their order; none given = 1 each.")]
    public DataWeights Weights { get; init; } = new();

    [Comment("Keep only rows whose columns say so: column=value, column!=value, column>=number. Files without the column lose all their "
        + "rows.")]
    public IReadOnlyList<string> Filters { get; init; } = [];

    [Comment("Columns of the files by other names than layouts know them by: prompt=question reads question as prompt.")]
    public IReadOnlyList<string> Columns { get; init; } = [];

    [Comment("Rules that drop rows before anything else happens to them; each counts what it dropped.")]
    public CleaningOptions Cleaning { get; init; } = new();

    [Comment("Rows set aside before any training.")]
    public HeldOutOptions HeldOut { get; init; } = new();

    [Comment("Most rows used of each kind after the held-out rows are taken.")]
    public DataLimits Limits { get; init; } = new();
}

/// <summary>How much of each entry is used: 0.25 a quarter of its rows, chosen by the seed; 2 every row twice.</summary>
[Decides(StagePart.Given)]
public sealed record DataWeights
{
    [Comment("One number per entry of data.sft.")]
    public IReadOnlyList<double> Sft { get; init; } = [];

    [Comment("One number per entry of data.preferences.")]
    public IReadOnlyList<double> Preferences { get; init; } = [];

    [Comment("One number per entry of data.prompts.")]
    public IReadOnlyList<double> Prompts { get; init; } = [];
}

/// <summary>The paper's cleaning rules (appendix B.1) and the public code's validity filter.</summary>
[Decides(StagePart.Given)]
public sealed record CleaningOptions
{
    [Comment("Drop pairs whose two scores are equal.")]
    public bool EqualScores { get; init; } = true;

    [Comment("Drop scored pairs whose scores lie closer together; null = none.")]
    [Range(0.0, double.MaxValue)]
    public double? MinMargin { get; init; }

    [Comment("Drop scored pairs whose better score is less than this many times the worse (the paper: 2 for SHP); null = none.")]
    [Range(1.0, double.MaxValue)]
    public double? MinScoreRatio { get; init; }

    [Comment("Most pairs of one prompt (the paper: 5 for SHP); null = all.")]
    [Range(1, int.MaxValue)]
    public int? MaxPairsPerPrompt { get; init; }

    [Comment("Drop conversations that do not alternate between user and assistant, or have an empty turn (the public code's filter).")]
    public bool StrictTurns { get; init; }
}

/// <summary>
/// Rows that no training stage sees; the parts are disjoint. Auto (null) is the paper's number where there are rows enough, else
/// a twentieth of them.
/// </summary>
[Decides(StagePart.Given)]
public sealed record HeldOutOptions
{
    [Comment("Conversations for the SFT evaluation loss; auto = 500, at most 5% of the rows.")]
    [Range(0, 1_000_000)]
    [Auto]
    public int? Sft { get; init; }

    [Comment("Preference pairs that judge the reward model; auto = 500, at most 5% of the rows. The public code evaluates on 500 of its "
        + "training pairs instead.")]
    [Range(0, 1_000_000)]
    [Auto]
    public int? Reward { get; init; }

    [Comment("Prompts on which the best online iterate is chosen; auto = 256, at most 5% of the rows.")]
    [Range(0, 1_000_000)]
    [Auto]
    public int? Selection { get; init; }

    [Comment("Prompts of the final evaluation; auto = 500, at most 5% of the rows.")]
    [Range(0, 1_000_000)]
    [Auto]
    public int? Test { get; init; }

    /// <summary>The sizes for data of so many rows; what is on auto is told.</summary>
    /// <param name="rows">Null where there are as many as are asked for.</param>
    /// <param name="report">Gets a line for each key of <paramref name="named"/> that is on auto.</param>
    /// <param name="named">Keys of the parts that are taken from these rows.</param>
    internal HeldOutSizes Of(int? rows, List<string> report, params IReadOnlyList<string> named)
    {
        int Size(string key, int? given, int paper, int least)
        {
            if (given is { } own) return own;
            int size = rows is { } all ? Math.Min(paper, Math.Max(least, all / 20)) : paper;
            if (named.Contains(key) && size < paper)
                report.Add($"data.held_out.{key}: {size} of {rows} rows (auto: 5%, the paper has {paper}); "
                    + $"--set data.held_out.{key}=N says otherwise");
            return size;
        }
        return new HeldOutSizes(Size("sft", Sft, 500, 0), Size("reward", Reward, 500, 0),
            Size("selection", Selection, 256, 1), Size("test", Test, 500, 1));
    }
}

/// <summary>Rows that are held out of each kind.</summary>
internal sealed record HeldOutSizes(int Sft, int Reward, int Selection, int Test);

/// <summary>A number that may be left to be found out: <c>auto</c>, which is null.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class AutoAttribute : Attribute;

/// <summary>Upper limits on the rows read; null takes all.</summary>
[Decides(StagePart.Given)]
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
[Decides(StagePart.Given)]
public sealed record StoryOptions
{
    [Comment("Plain text files or folders of them. Each paragraph (line) gives a prompt and its true answer.")]
    [RecipePath]
    public IReadOnlyList<string> Files { get; init; } = [];

    [Comment("Sentences of a paragraph that are the prompt; the rest is the answer. What is longer than online.max_new_tokens is "
        + "dropped and counted.")]
    [Range(1, 1000)]
    public int Opening { get; init; } = 1;

    [Comment("Rejected answers that the SFT policy writes to each preference prompt.")]
    [Range(1, 64)]
    public int Rejected { get; init; } = 1;
}
