using Hone.Data;
using Hone.Text;
using Hone.Workflow.Recipes;

namespace Hone.Workflow;

/// <summary>
/// A run's data from the user's files: read, cleaned, tokenised, held to the recipe's lengths, and dealt into disjoint
/// parts by prompt. Everything dropped is counted in the report.
/// </summary>
public static class FileInputs
{
    private static readonly string[] s_endings = [".jsonl", ".json", ".txt", ".jsonl.gz", ".json.gz", ".txt.gz"];

    public static RunInputs Load(Recipe recipe, ModelText text)
    {
        var report = new List<string>();
        (IReadOnlyList<SftExample> sft, IReadOnlyList<SftExample> sftHeldOut) = recipe.Sft.Enabled ? Sft(recipe, text, report) : ([], []);
        var rule = new LengthRule(recipe.Reward.Enabled ? recipe.Reward.MaxLength : recipe.OfflineDpo.MaxLength, BosId: text.Tokenizer.BosId);
        bool paired = recipe.Reward.Enabled || recipe.OfflineDpo.Enabled || recipe.Data.Preferences.Count > 0;
        (IReadOnlyList<PreferenceExample> train, IReadOnlyList<PreferenceExample> heldOut) = paired ? Preferences(recipe, text, rule, report) : ([], []);
        (IReadOnlyList<IReadOnlyList<PromptRow>> iterations, IReadOnlyList<PromptRow> selection, IReadOnlyList<PromptRow> test) = Prompts(recipe, text, report);
        return new RunInputs
        {
            Sft = sft,
            SftHeldOut = sftHeldOut,
            Preferences = train,
            PreferencesHeldOut = heldOut,
            IterationPrompts = iterations,
            Selection = selection,
            Test = test,
            Report = report,
        };
    }

    /// <summary>Files of a list of files and folders; a folder stands for its data files in order of name.</summary>
    /// <exception cref="InputException">A path does not exist, or a folder has no data file.</exception>
    public static IReadOnlyList<string> Expand(IReadOnlyList<string> paths, string key)
    {
        var files = new List<string>();
        foreach (string path in paths)
        {
            if (File.Exists(path)) files.Add(path);
            else if (!Directory.Exists(path)) throw new InputException("There is no such file or folder.", path, $"Correct `data.{key}` in the recipe.");
            else
            {
                string[] inside = [.. Directory.EnumerateFiles(path).Where(f => s_endings.Any(e => f.EndsWith(e, StringComparison.Ordinal))).Order(StringComparer.Ordinal)];
                if (inside.Length == 0) throw new InputException($"The folder holds no data file ({string.Join(", ", s_endings)}).", path);
                files.AddRange(inside);
            }
        }
        return files.Count > 0 ? files : throw new InputException($"The recipe names no data for this stage: `data.{key}` is empty.", fix: $"Set data.{key}, or leave the stage out with enabled: false.");
    }

    /// <summary>What SFT learns and is evaluated on, from <c>data.sft</c>.</summary>
    public static (IReadOnlyList<SftExample> Train, IReadOnlyList<SftExample> HeldOut) Sft(Recipe recipe, ModelText text, List<string> report)
    {
        SftLoss loss = recipe.Sft.LossOn == LossOn.All ? SftLoss.All : SftLoss.Assistant;
        List<SftRow> rows = Read(recipe.Data.Sft, "sft", DataReader.ReadSft, report);
        PromptSplit<SftRow> split = PromptSplit.Deal(rows, Key, Seeds.Derive((ulong)recipe.Seed, "sft rows"), ("data.held_out.sft", recipe.Data.HeldOut.Sft));
        var rule = new LengthRule(recipe.Sft.MaxLength, BosId: text.Tokenizer.BosId);
        var lengths = new DataReport("sft examples");
        IReadOnlyList<SftExample> Examples(IEnumerable<SftRow> part) =>
            [.. part.Select(row => row is TextRow story ? text.Story(story) : text.Examples.Sft((Conversation)row, loss)).Select(e => rule.Apply(e, lengths)).OfType<SftExample>()];
        IReadOnlyList<SftExample> train = Examples(split.Rest.Take(recipe.Data.Limits.Sft ?? int.MaxValue)), heldOut = Examples(split["data.held_out.sft"]);
        if (recipe.Sft.PackingLength is { } block) train = SftBlocks.Cut(train, block);
        report.Add(lengths.ToString());
        return (train, heldOut);

        static IReadOnlyList<ChatMessage> Key(SftRow row) => row is TextRow story
            ? [ChatMessage.User(story.Text)]
            : [.. ((Conversation)row).Messages.TakeWhile(m => m.Role != "assistant")];
    }

    /// <summary>Pairs to train on and to evaluate on, from <c>data.preferences</c>; those beyond the rule's lengths are dropped and counted.</summary>
    public static (IReadOnlyList<PreferenceExample> Train, IReadOnlyList<PreferenceExample> HeldOut) Preferences(
        Recipe recipe, ModelText text, LengthRule rule, List<string> report)
    {
        List<Preference> rows = Read(recipe.Data.Preferences, "preferences", DataReader.ReadPreferences, report);
        PromptSplit<Preference> split = PromptSplit.Deal(rows, r => r.Prompt, Seeds.Derive((ulong)recipe.Seed, "preference rows"), ("data.held_out.reward", recipe.Data.HeldOut.Reward));
        var lengths = new DataReport("preference examples");
        IReadOnlyList<PreferenceExample> Examples(IEnumerable<Preference> part) =>
            [.. part.Select(row => rule.Apply(text.Examples.Preference(row), lengths)).OfType<PreferenceExample>()];
        (IReadOnlyList<PreferenceExample>, IReadOnlyList<PreferenceExample>) result =
            (Examples(split.Rest.Take(recipe.Data.Limits.Preferences ?? int.MaxValue)), Examples(split["data.held_out.reward"]));
        report.Add(lengths.ToString());
        return result;
    }

    private static (IReadOnlyList<IReadOnlyList<PromptRow>> Iterations, IReadOnlyList<PromptRow> Selection, IReadOnlyList<PromptRow> Test) Prompts(
        Recipe recipe, ModelText text, List<string> report)
    {
        OnlineOptions o = recipe.Online;
        if (!o.Enabled && !recipe.Evaluation.Enabled) return ([], [], []);
        var rule = new LengthRule(o.MaxLength, o.MaxPromptLength, BosId: text.Tokenizer.BosId);
        if (o.Enabled) rule.RequireRoomFor(o.MaxNewTokens);
        IReadOnlyList<PromptRow> Fitting(IReadOnlyList<string> paths, string key) => FittingPrompts(paths, key, text, rule, report);
        bool ownTest = recipe.Evaluation.Prompts.Count > 0;
        IReadOnlyList<PromptRow> test = ownTest ? Fitting(recipe.Evaluation.Prompts, "evaluation.prompts") : [];
        var parts = new List<(string, int)> { ("selection", recipe.Data.HeldOut.Selection) };
        if (!ownTest) parts.Add(("test", recipe.Data.HeldOut.Test));
        if (o.Enabled) parts.AddRange(Enumerable.Range(1, o.Iterations).Select(t => ($"iteration-{t}", o.PromptsPerIteration)));
        PromptSplit<PromptRow> split = PromptSplit.Deal(Fitting(recipe.Data.Prompts, "prompts"), r => r.Messages, Seeds.Derive((ulong)recipe.Seed, "prompts"), parts);
        IReadOnlyList<PromptRow>[] iterations = o.Enabled ? [.. Enumerable.Range(1, o.Iterations).Select(t => split[$"iteration-{t}"])] : [];
        if (!ownTest) test = split["test"];
        PromptSplit.RequireDisjoint(("evaluation.prompts", test.Select(r => r.Messages)), ("data.prompts", iterations.SelectMany(i => i).Concat(split["selection"]).Select(r => r.Messages)));
        return (iterations, split["selection"], test);
    }

    /// <summary>The distinct prompts of the files that are within the rule's length; what was left out is counted.</summary>
    /// <exception cref="InputException">None is left.</exception>
    public static IReadOnlyList<PromptRow> FittingPrompts(IReadOnlyList<string> paths, string key, ModelText text, LengthRule rule, List<string> report)
    {
        var distinct = new DataReport($"distinct {key}");
        IReadOnlyList<PromptRow> rows = PromptSplit.Distinct(Read(paths, key, DataReader.ReadPrompts, report), distinct);
        report.Add(distinct.ToString());
        var lengths = new DataReport($"lengths of {key}");
        IReadOnlyList<PromptRow> fitting = [.. rows.Where(row => rule.ApplyToPrompt(text.Examples.Prompt(row.Messages), lengths) is not null)];
        report.Add(lengths.ToString());
        lengths.RequireKept();
        return fitting;
    }

    private static List<T> Read<T>(IReadOnlyList<string> paths, string key, Func<string, DataReport, IEnumerable<T>> read, List<string> report)
    {
        var rows = new List<T>();
        foreach (string file in Expand(paths, key))
        {
            var counts = new DataReport(file);
            rows.AddRange(read(file, counts));
            report.Add(counts.ToString());
        }
        return rows;
    }
}
