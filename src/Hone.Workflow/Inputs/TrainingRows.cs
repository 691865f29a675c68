using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>
/// A file's rows as the file stages train on them: read, filtered, cleaned, tokenised, and the lengths that a stage holds
/// them to. Training and <c>hone data inspect</c> both go this way, so what is shown is what is learnt.
/// </summary>
public static class TrainingRows
{
    /// <summary>
    /// Conversations and texts that the recipe's filters and cleaning leave of a file; counted while they are enumerated.
    /// </summary>
    public static IEnumerable<SftRow> ReadSft(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        Clean(recipe).Apply(DataReader.ReadSft(file, read, Filters(recipe)), cleaned);

    /// <summary>Preferences that the recipe's filters and cleaning leave of a file; counted while they are enumerated.</summary>
    public static IEnumerable<Preference> ReadPreferences(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        Clean(recipe).Apply(DataReader.ReadPreferences(file, read, Filters(recipe)), cleaned);

    /// <summary>Prompts that the recipe's filters leave of a file; they are not cleaned.</summary>
    public static IEnumerable<PromptRow> ReadPrompts(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        DataReader.ReadPrompts(file, read, Filters(recipe));

    /// <summary>Tokens of a row and which of them SFT learns; answers that the template rewrites are counted.</summary>
    public static SftExample Sft(SftRow row, ModelText text, SftLoss loss, DataReport report) => row is TextRow story
        ? text.Story(story)
        : text.Examples.Sft((Conversation)row, loss, report);

    public static LengthRule SftLengths(Recipe recipe, ModelText text) =>
        new(recipe.Sft.MaxLength, Policy: recipe.Sft.TooLong, BosId: text.Tokenizer.BosId);

    /// <summary>Limits of the reward model's pairs.</summary>
    public static LengthRule RewardLengths(Recipe recipe, ModelText text) =>
        new(recipe.Reward.MaxLength, Policy: recipe.Reward.TooLong, BosId: text.Tokenizer.BosId);

    /// <summary>
    /// Limits of offline DPO's pairs, or of online DPO's prompts, which are never cut: sampled ids are trained on as they
    /// were sampled.
    /// </summary>
    public static LengthRule DpoLengths(DpoOptions options, ModelText text) =>
        new(options.MaxLength, options.MaxPromptLength, options is OfflineDpoOptions offline ? offline.TooLong : LengthPolicy.Drop,
            text.Tokenizer.BosId);

    private static RowFilter[] Filters(Recipe recipe) => [.. recipe.Data.Filters.Select(RowFilter.Parse)];

    private static Cleaning Clean(Recipe recipe) => new()
    {
        EqualScores = recipe.Data.Cleaning.EqualScores,
        MinMargin = recipe.Data.Cleaning.MinMargin,
        MinScoreRatio = recipe.Data.Cleaning.MinScoreRatio,
        MaxPairsPerPrompt = recipe.Data.Cleaning.MaxPairsPerPrompt,
        StrictTurns = recipe.Data.Cleaning.StrictTurns,
    };
}
