using Hone.Data;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// Judges an answer to a prompt; <paramref name="finished"/> is false where the answer met the token limit. Higher is
/// better.
/// </summary>
internal delegate double GoldJudgement(IReadOnlyList<ChatMessage> prompt, string answer, bool finished);

/// <summary>Two answers that differ in one named feature; the first is the better one.</summary>
internal sealed record FeaturePair(string Feature, PreferenceExample Example);

/// <summary>
/// All data of a run, rendered to token ids, in disjoint parts. It comes from the embedded world, from files of
/// rows or from plain text (<see cref="WorldInputs"/>, <see cref="FileInputs"/>, <see cref="StoryInputs"/>); no stage asks
/// where it came from.
/// </summary>
internal sealed record RunInputs
{
    /// <summary>No data at all; a stage that is run alone fills in what it reads.</summary>
    public static RunInputs None { get; } = new()
    {
        Sft = [],
        SftHeldOut = [],
        Preferences = [],
        PreferencesHeldOut = [],
        IterationPrompts = [],
        Selection = [],
        Test = [],
    };

    public required IReadOnlyList<SftExample> Sft { get; init; }

    public required IReadOnlyList<SftExample> SftHeldOut { get; init; }

    public required IReadOnlyList<PreferenceExample> Preferences { get; init; }

    public required IReadOnlyList<PreferenceExample> PreferencesHeldOut { get; init; }

    /// <summary>
    /// Answers that are labelled one by one, where offline DPO's loss learns from such; null where the pairs are taken apart.
    /// </summary>
    public IReadOnlyList<LabelledExample>? Labelled { get; init; }

    public IReadOnlyList<LabelledExample>? LabelledHeldOut { get; init; }

    /// <summary>The stages that made the preferences, where they were made in the run; what is trained on them depends on these.</summary>
    public string PreferencesFrom { get; init; } = "";

    /// <summary>New prompts of each online iteration.</summary>
    public required IReadOnlyList<IReadOnlyList<PromptRow>> IterationPrompts { get; init; }

    /// <summary>Prompts on which the best iterate is chosen.</summary>
    public required IReadOnlyList<PromptRow> Selection { get; init; }

    /// <summary>Prompts of the final table.</summary>
    public required IReadOnlyList<PromptRow> Test { get; init; }

    /// <summary>The known truth, where there is one. Never shown to the reward model.</summary>
    public GoldJudgement? Gold { get; init; }

    /// <summary>Pairs that differ in one feature only, to look into the reward model.</summary>
    public IReadOnlyList<FeaturePair> Counterfactuals => FeaturePairs.Value;

    /// <summary>
    /// Made when a stage asks for <see cref="Counterfactuals"/>: to render them takes longer than all the rest, and most stages need none.
    /// </summary>
    public Lazy<IReadOnlyList<FeaturePair>> FeaturePairs { private get; init; } = new([]);

    /// <summary>What people wrote to the prompts, where the data is plain text; then the preferences are made in the run.</summary>
    public HumanAnswers? Human { get; init; }

    /// <summary>What was read and dropped, a line per source.</summary>
    public IReadOnlyList<string> Report { get; init; } = [];
}
