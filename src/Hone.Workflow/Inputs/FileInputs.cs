using Hone.Inference;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// A run's data from the user's files: read, cleaned, tokenised, held to the recipe's lengths, and dealt into disjoint
/// parts by prompt. Everything dropped is counted in the report.
/// </summary>
internal static class FileInputs
{
    private const string Selection = "data.held_out.selection", Test = "data.held_out.test";

    public static RunInputs Load(Recipe recipe, ModelText text)
    {
        var report = new List<string>();
        (IReadOnlyList<SftExample> sft, IReadOnlyList<SftExample> sftHeldOut) = recipe.Sft.Enabled ? Sft(recipe, text, report) : ([], []);
        LengthRule rule = recipe.Reward.Enabled
            ? TrainingRows.RewardLengths(recipe, text)
            : TrainingRows.DpoLengths(recipe.OfflineDpo, text);
        bool unpaired = recipe.OfflineDpo is { Enabled: true, Unpaired: true };
        bool paired = recipe.Reward.Enabled
            || (!unpaired && (recipe.OfflineDpo.Enabled || recipe.Data.Preferences.Count > 0));
        (IReadOnlyList<PreferenceExample> train, IReadOnlyList<PreferenceExample> heldOut) = paired
            ? Preferences(recipe, text, rule, report)
            : ([], []);
        (IReadOnlyList<LabelledExample> Train, IReadOnlyList<LabelledExample> HeldOut)? labelled =
            unpaired ? Labelled(recipe, text, report) : null;
        (IReadOnlyList<IReadOnlyList<PromptRow>> iterations, IReadOnlyList<PromptRow> selection, IReadOnlyList<PromptRow> test) =
            Prompts(recipe, text, report);
        return new RunInputs
        {
            Sft = sft,
            SftHeldOut = sftHeldOut,
            Preferences = train,
            PreferencesHeldOut = heldOut,
            Labelled = labelled?.Train,
            LabelledHeldOut = labelled?.HeldOut,
            IterationPrompts = iterations,
            Selection = selection,
            Test = test,
            Report = report,
        };
    }

    /// <summary>Files of a list of files, folders and patterns.</summary>
    /// <exception cref="InputException">The list is empty, a path does not exist, or gives no data file.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> paths, string key) => paths.Count > 0
        ? DataFile.Expand(paths)
        : throw new InputException($"The recipe names no data for this stage: `data.{key}` is empty.",
            fix: $"Set data.{key}, or leave the stage out with enabled: false.");

    /// <summary>What SFT learns and is evaluated on, from <c>data.sft</c>.</summary>
    public static (IReadOnlyList<SftExample> Train, IReadOnlyList<SftExample> HeldOut) Sft(Recipe recipe, ModelText text,
        List<string> report)
    {
        LengthRule rule = TrainingRows.SftLengths(recipe, text);
        var lengths = new DataReport("sft examples");
        (IReadOnlyList<SftExample> train, IReadOnlyList<SftExample> heldOut) = Split(
            new StreamedRows<SftRow>(recipe, recipe.Data.Sft, recipe.Data.Weights.Sft, "sft", TrainingRows.ReadSft, Key),
            Seeds.Derive((ulong)recipe.Seed, "sft rows"),
            "data.held_out.sft", rows => recipe.Data.HeldOut.Of(rows, report, "sft").Sft, recipe.Data.Limits.Sft,
            row => TrainingRows.Fit(row, text, recipe.Sft.LossOn, rule, lengths), report);
        train = TrainingRows.Packed(train, recipe.Sft, text);
        if (TrainingRows.ContextNote("sft", recipe.Sft.MaxLength, text) is { } note) report.Add(note);
        report.Add(lengths.ToString());
        return (train, heldOut);

        static IReadOnlyList<ChatMessage> Key(SftRow row) => row is TextRow story
            ? [ChatMessage.User(story.Text)]
            : [.. ((Conversation)row).Messages.TakeWhile(m => m.Role != "assistant")];
    }

    /// <summary>
    /// Pairs to train on and to evaluate on, from <c>data.preferences</c>; the rule says what becomes of those beyond its
    /// lengths.
    /// </summary>
    public static (IReadOnlyList<PreferenceExample> Train, IReadOnlyList<PreferenceExample> HeldOut) Preferences(
        Recipe recipe, ModelText text, LengthRule rule, List<string> report)
    {
        var lengths = new DataReport("preference examples");
        (IReadOnlyList<PreferenceExample>, IReadOnlyList<PreferenceExample>) result = Split(
            new StreamedRows<Preference>(recipe, recipe.Data.Preferences, recipe.Data.Weights.Preferences, "preferences",
                TrainingRows.ReadPreferences, r => r.Prompt),
            Seeds.Derive((ulong)recipe.Seed, "preference rows"), "data.held_out.reward",
            rows => recipe.Data.HeldOut.Of(rows, report, "reward").Reward, recipe.Data.Limits.Preferences,
            row => TrainingRows.Fit(row, text, rule, lengths), report);
        if (text.Context is { } context && rule.MaxLength == context)
            report.Add($"preferences: lengths are held to the model's context of {context} tokens");
        report.Add(lengths.ToString());
        return result;
    }

    /// <summary>
    /// Labelled answers to train on and to evaluate on, from <c>data.preferences</c>, within the lengths of offline DPO.
    /// </summary>
    public static (IReadOnlyList<LabelledExample> Train, IReadOnlyList<LabelledExample> HeldOut) Labelled(
        Recipe recipe, ModelText text, List<string> report)
    {
        LengthRule rule = TrainingRows.DpoLengths(recipe.OfflineDpo, text);
        var lengths = new DataReport("labelled answers");
        (IReadOnlyList<LabelledExample> Train, IReadOnlyList<LabelledExample>) result = Split(
            new StreamedRows<LabelledAnswer>(recipe, recipe.Data.Preferences, recipe.Data.Weights.Preferences, "preferences",
                TrainingRows.ReadLabelled, r => r.Prompt),
            Seeds.Derive((ulong)recipe.Seed, "preference rows"), "data.held_out.reward",
            rows => recipe.Data.HeldOut.Of(rows, report, "reward").Reward, recipe.Data.Limits.Preferences,
            row => TrainingRows.Fit(
                TrainingRows.Characters(row.Prompt) + row.Answer.Length,
                () => text.Examples.Labelled(row), e => rule.Apply(e, lengths), lengths),
            report);
        report.Add(lengths.ToString());
        report.Add($"labelled answers to train on: {result.Train.Count(r => r.Desirable)} good, "
            + $"{result.Train.Count(r => !r.Desirable)} bad");
        return result;
    }

    private static (IReadOnlyList<IReadOnlyList<PromptRow>> Iterations, IReadOnlyList<PromptRow> Selection,
        IReadOnlyList<PromptRow> Test) Prompts(
        Recipe recipe, ModelText text, List<string> report)
    {
        OnlineOptions o = recipe.Online;
        if (!o.Enabled && !recipe.Evaluation.Enabled) return ([], [], []);
        LengthRule rule = TrainingRows.DpoLengths(o, text);
        if (o.Enabled) rule.RequireRoomFor(o.MaxNewTokens);
        IReadOnlyList<PromptRow> Fitting(IReadOnlyList<string> paths, string key) => FittingPrompts(recipe, paths, key, text, rule, report);
        bool ownTest = recipe.Evaluation.Prompts.Count > 0;
        IReadOnlyList<PromptRow> test = ownTest ? Fitting(recipe.Evaluation.Prompts, "evaluation.prompts") : [];
        IReadOnlyList<PromptRow> prompts = Fitting(recipe.Data.Prompts, "prompts");
        HeldOutSizes heldOut = recipe.Data.HeldOut.Of(prompts.Count, report, ownTest ? ["selection"] : ["selection", "test"]);
        var parts = new List<(string, int)> { (Selection, heldOut.Selection) };
        if (!ownTest) parts.Add((Test, heldOut.Test));
        if (o.Enabled) parts.AddRange(Enumerable.Range(1, o.Iterations).Select(t => (Iteration(t), o.PromptsPerIteration)));
        PromptSplit<PromptRow> split = PromptSplit
            .Split(prompts, r => r.Messages, Seeds.Derive((ulong)recipe.Seed, "prompts"), parts);
        IReadOnlyList<PromptRow>[] iterations = o.Enabled ? [.. Enumerable.Range(1, o.Iterations).Select(t => split[Iteration(t)])] : [];
        if (!ownTest) test = split[Test];
        PromptSplit.RequireDisjoint(("evaluation.prompts", test.Select(r => r.Messages)),
            ("data.prompts", iterations.SelectMany(i => i).Concat(split[Selection]).Select(r => r.Messages)));
        return (iterations, split[Selection], test);
    }

    private static string Iteration(int t) => $"online.prompts_per_iteration (iteration {t})";

    /// <summary>The distinct prompts of the files that are within the rule's length; what was left out is counted.</summary>
    /// <exception cref="InputException">None is left.</exception>
    public static IReadOnlyList<PromptRow> FittingPrompts(Recipe recipe, IReadOnlyList<string> paths, string key, ModelText text,
        LengthRule rule, List<string> report)
    {
        DataReport distinct = new($"distinct {key}"), lengths = new($"lengths of {key}");
        var rows = new StreamedRows<PromptRow>(recipe, paths, key == "prompts" ? recipe.Data.Weights.Prompts : [], key,
            TrainingRows.ReadPrompts, r => r.Messages);
        IReadOnlyList<PromptRow> fitting =
            [.. PromptSplit.Distinct(rows.All(report), distinct)
                .Where(row => TrainingRows.Fit(
                    TrainingRows.Characters(row.Messages), () => text.Examples.Prompt(row.Messages),
                    ids => rule.ApplyToPrompt(ids, lengths), lengths)
                    is not null)];
        report.Add(distinct.ToString());
        report.Add(lengths.ToString());
        lengths.RequireKept();
        return fitting;
    }

    /// <summary>
    /// Deals the rows out by prompt and makes examples of those that are used. In memory are a key for each row, then the
    /// token ids of the rows used; the other texts are not.
    /// </summary>
    private static (IReadOnlyList<TExample> Train, IReadOnlyList<TExample> HeldOut) Split<T, TExample>(
        StreamedRows<T> rows, ulong seed, string heldOut, Func<int, int> size, int? limit, Func<T, TExample?> example, List<string> report)
        where TExample : class
    {
        IReadOnlyList<UInt128> keys = rows.Index(report);
        PromptSplit<int> split = PromptSplit.Split(keys, seed, (heldOut, size(keys.Count)));
        int[] train = [.. split.Rest.Take(limit ?? int.MaxValue)], used = [.. train, .. split[heldOut]];
        var placeOf = new Dictionary<int, int>(used.Length);
        for (int i = 0; i < used.Length; i++) placeOf.Add(used[i], i);
        var examples = new TExample?[used.Length];
        foreach ((int number, T row) in rows.Read(used)) examples[placeOf[number]] = example(row);
        return ([.. examples.Take(train.Length).OfType<TExample>()], [.. examples.Skip(train.Length).OfType<TExample>()]);
    }
}
