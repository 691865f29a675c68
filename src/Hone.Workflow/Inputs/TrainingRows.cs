using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// A file's rows as the file stages train on them: read, filtered, cleaned, tokenised, and the lengths that a stage holds
/// them to. Training and <c>hone data inspect</c> both go this way, so what is shown is what is learnt.
/// </summary>
internal static class TrainingRows
{
    /// <summary>
    /// Conversations and texts that the recipe's filters and cleaning leave of a file; counted while they are enumerated.
    /// </summary>
    public static IEnumerable<SftRow> ReadSft(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        Clean(recipe).Apply(DataReader.ReadSft(file, read, Filters(recipe), Columns(recipe)), cleaned);

    /// <summary>Preferences that the recipe's filters and cleaning leave of a file; counted while they are enumerated.</summary>
    public static IEnumerable<Preference> ReadPreferences(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        Clean(recipe).Apply(DataReader.ReadPreferences(file, read, Filters(recipe), Columns(recipe)), cleaned);

    /// <summary>Labelled answers that the recipe's filters leave of a file; they are not cleaned, for the rules are about pairs.</summary>
    public static IEnumerable<LabelledAnswer> ReadLabelled(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        DataReader.ReadLabelled(file, read, Filters(recipe), Columns(recipe));

    /// <summary>Prompts that the recipe's filters leave of a file; they are not cleaned.</summary>
    public static IEnumerable<PromptRow> ReadPrompts(Recipe recipe, string file, DataReport read, DataReport cleaned) =>
        DataReader.ReadPrompts(file, read, Filters(recipe), Columns(recipe));

    /// <summary>Tokens of a row and which of them SFT learns; answers that the template rewrites are counted.</summary>
    /// <exception cref="InputException">A conversation, and the model has no chat template.</exception>
    public static SftExample Sft(SftRow row, ModelText text, SftLoss loss, DataReport report) => row is TextRow story
        ? text.Story(story)
        : text.Chat is not null
            ? text.Examples.Sft((Conversation)row, loss, report)
            : throw text.NoTemplate("rows of conversations need one (plain text stands in a column `text`)");

    /// <summary>Characters above which a text that a chat template cannot render is too long, and not refused.</summary>
    internal const int Huge = 1 << 20;

    /// <summary>
    /// What <paramref name="apply"/> leaves of a row's tokens, or null. A text so long that the chat template's own bounds stop
    /// it is longer than any limit: dropped and counted, not the end of the run.
    /// </summary>
    /// <param name="characters">Of the row's texts together.</param>
    public static TFit? Fit<TTokens, TFit>(int characters, Func<TTokens> tokenise, Func<TTokens, TFit?> apply, DataReport lengths)
        where TFit : class
    {
        TTokens tokens;
        try
        {
            tokens = tokenise();
        }
        catch (InputException) when (characters > Huge)
        {
            lengths.Drop(DropReason.TooLong);
            return null;
        }
        return apply(tokens);
    }

    /// <summary>A conversation's or text's tokens as SFT learns them within the rule's length, or null; counted either way.</summary>
    public static SftExample? Fit(SftRow row, ModelText text, SftLoss loss, LengthRule rule, DataReport lengths) =>
        Fit(Characters(row), () => Sft(row, text, loss, lengths), e => rule.Apply(e, lengths), lengths);

    /// <summary>A preference's tokens within the rule's length, or null; counted either way.</summary>
    public static PreferenceExample? Fit(Preference row, ModelText text, LengthRule rule, DataReport lengths) => Fit(
        Characters(row.Prompt) + row.Chosen.Length + row.Rejected.Length, () => text.Examples.Preference(row),
        e => rule.Apply(e, lengths), lengths);

    /// <summary>Conversations laid into blocks where the options say so.</summary>
    public static IReadOnlyList<SftExample> Packed(IReadOnlyList<SftExample> examples, SftOptions options, ModelText text) =>
        options.PackingLength is { } block ? SftPacking.Pack(examples, Math.Min(block, text.Context ?? block)) : examples;

    /// <summary>Characters of messages.</summary>
    public static int Characters(IReadOnlyList<ChatMessage> messages) => messages.Sum(m => m.Content.Length);

    /// <inheritdoc cref="Characters(IReadOnlyList{ChatMessage})"/>
    public static int Characters(SftRow row) => row is TextRow story ? story.Text.Length : Characters(((Conversation)row).Messages);

    /// <summary>Lengths of SFT's examples: the recipe's, or the model's context where that is shorter.</summary>
    public static LengthRule SftLengths(Recipe recipe, ModelText text) => SftLengths(recipe.Sft, text);

    /// <inheritdoc cref="SftLengths(Recipe, ModelText)"/>
    public static LengthRule SftLengths(SftOptions options, ModelText text) =>
        new(Within(options.MaxLength, text), Policy: options.TooLong, BosId: text.Tokenizer.BosId);

    /// <summary>Limits of the reward model's pairs: the recipe's, or the model's context where that is shorter.</summary>
    public static LengthRule RewardLengths(Recipe recipe, ModelText text) => RewardLengths(recipe.Reward, text);

    /// <inheritdoc cref="RewardLengths(Recipe, ModelText)"/>
    public static LengthRule RewardLengths(RewardOptions options, ModelText text) =>
        new(Within(options.MaxLength, text), Policy: options.TooLong, BosId: text.Tokenizer.BosId);

    /// <summary>
    /// Limits of offline DPO's pairs, or of online DPO's prompts, which are never cut: sampled ids are trained on as they were
    /// sampled. The options', or the model's context where that is shorter.
    /// </summary>
    public static LengthRule DpoLengths(DpoOptions options, ModelText text) => new(
        Within(options.MaxLength, text), Within(options.MaxPromptLength, text),
        options is OfflineDpoOptions offline ? offline.TooLong : LengthPolicy.Drop, text.Tokenizer.BosId);

    /// <summary>What is to be said once where the model's context, and not the recipe, sets the limit; else null.</summary>
    public static string? ContextNote(string stage, int recipeLimit, ModelText text) => text.Context is { } context && context < recipeLimit
        ? $"{stage}: lengths are held to the model's context of {context} tokens; the recipe allows {recipeLimit}"
        : null;

    private static int Within(int limit, ModelText text) => Math.Min(limit, text.Context ?? limit);

    private static RowFilter[] Filters(Recipe recipe) => [.. recipe.Data.Filters.Select(RowFilter.Parse)];

    /// <summary>The recipe's names of columns.</summary>
    internal static ColumnNames Columns(Recipe recipe) => ColumnNames.Parse(recipe.Data.Columns);

    private static Cleaning Clean(Recipe recipe) => new()
    {
        EqualScores = recipe.Data.Cleaning.EqualScores,
        MinMargin = recipe.Data.Cleaning.MinMargin,
        MinScoreRatio = recipe.Data.Cleaning.MinScoreRatio,
        MaxPairsPerPrompt = recipe.Data.Cleaning.MaxPairsPerPrompt,
        StrictTurns = recipe.Data.Cleaning.StrictTurns,
    };
}
