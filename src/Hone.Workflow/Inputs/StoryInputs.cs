using Hone.Inference;
using System.Text.RegularExpressions;
using Hone.Data;
using Hone.Runs.Recipes;
using Hone.Text;

namespace Hone.Workflow;

/// <summary>
/// A run's data from plain text by people, for a model that continues text: every paragraph is a prompt (its first
/// sentences) and the answer that its author gave (the rest of it). Paragraphs are dealt into disjoint parts.
/// </summary>
internal static partial class StoryInputs
{
    // Neighbouring paragraphs tell one story; dealt together, they end up in one part.
    private const int Together = 16;

    private const string NothingLeft = "no_continuation", NotWritable = "not_in_vocabulary", Long = "answer_too_long";

    /// <exception cref="InputException">A file cannot be read, or there are fewer paragraphs than the recipe asks for.</exception>
    public static RunInputs Create(Recipe recipe, ModelText text)
    {
        StoryOptions options = recipe.Data.Stories;
        int sft = recipe.Data.Limits.Sft ?? throw new InputException(
            "Texts serve SFT, preferences and prompts, and nothing says how many of them SFT gets.",
            fix: "Set data.limits.sft to a number.");
        var report = new List<string>();
        List<(int Neighbourhood, HumanAnswer Passage)> passages = Passages(recipe, text, report);
        HeldOutSizes heldOut = recipe.Data.HeldOut.Of(passages.Count, report, "sft", "reward", "selection", "test");
        int iterations = recipe.Online.Enabled ? recipe.Online.Iterations : 0;
        PromptSplit<(int Neighbourhood, HumanAnswer Passage)> split = PromptSplit.Split(
            passages, p => [ChatMessage.User($"{p.Neighbourhood}")], Seeds.Derive((ulong)recipe.Seed, "stories"),
            [
                ("data.held_out.test", heldOut.Test),
                ("data.held_out.selection", heldOut.Selection),
                ("data.held_out.reward", heldOut.Reward),
                ("data.held_out.sft", heldOut.Sft),
                .. Enumerable.Range(1, iterations).Select(t => (Iteration(t), recipe.Online.PromptsPerIteration)),
                ("data.limits.sft", sft),
            ]);
        HumanAnswer[] Part(string name, int size) => [.. split[name].Take(size).Select(p => p.Passage)];
        HumanAnswer[] test = Part("data.held_out.test", heldOut.Test),
            preferences = [.. split.Rest.Select(p => p.Passage).Take(recipe.Data.Limits.Preferences ?? int.MaxValue)];
        if (preferences.Length == 0 && (recipe.Reward.Enabled || recipe.OfflineDpo.Enabled))
            throw new InputException($"The {passages.Count} passages are used up before the preferences get one.",
                fix: "Give more text, or lower data.limits.sft and data.held_out.*.");
        report.Add($"stories: {sft} passages for SFT, {preferences.Length} for preferences, {iterations} x "
            + $"{recipe.Online.PromptsPerIteration} prompts, {heldOut.Selection} to select on, {test.Length} to test on");
        return new RunInputs
        {
            Sft = SftExamples(Part("data.limits.sft", sft), recipe, text, recipe.Sft.PackingLength, report),
            SftHeldOut = SftExamples(Part("data.held_out.sft", heldOut.Sft), recipe, text, packing: null, report),
            Preferences = [],
            PreferencesHeldOut = [],
            IterationPrompts = [.. Enumerable.Range(1, iterations)
                .Select(t => Prompts(Part(Iteration(t), recipe.Online.PromptsPerIteration)))],
            Selection = Prompts(Part("data.held_out.selection", heldOut.Selection)),
            Test = Prompts(test),
            Human = new HumanAnswers(preferences, Part("data.held_out.reward", heldOut.Reward), test),
            Report = report,
        };
    }

    /// <summary>Characters of the first sentences of a paragraph; null where there are no more of them.</summary>
    internal static int? Opening(string paragraph, int sentences)
    {
        MatchCollection ends = SentenceEnd().Matches(paragraph);
        return ends.Count < sentences ? null : ends[sentences - 1].Index;
    }

    private static List<(int Neighbourhood, HumanAnswer Passage)> Passages(Recipe recipe, ModelText text, List<string> report)
    {
        var passages = new List<(int, HumanAnswer)>();
        var prompts = new HashSet<string>(StringComparer.Ordinal);
        var counts = new DataReport("paragraphs");
        foreach (string file in FileInputs.Expand(recipe.Data.Stories.Files, "stories.files"))
        {
            var read = new DataReport(file);
            foreach (string paragraph in DataReader.ReadSft(file, read).SelectMany(row => Paragraphs(row, file)))
            {
                int neighbourhood = counts.Read / Together;
                (HumanAnswer? passage, string? problem) = Passage(paragraph, recipe, text);
                if (passage is null) counts.Drop(problem!);
                else if (!prompts.Add(PromptKey.Of(passage.Prompt))) counts.Drop(DropReason.DuplicatePrompt);
                else
                {
                    counts.Keep();
                    passages.Add((neighbourhood, passage));
                }
            }
            report.Add(read.ToString());
        }
        counts.RequireKept();
        report.Add(counts.ToString());
        return passages;
    }

    private static IEnumerable<string> Paragraphs(SftRow row, string file) => row is TextRow { Text: var story }
        ? story.Split('\n').Select(p => Spaces().Replace(p, " ").Trim()).Where(p => p.Length > 0)
        : throw new InputException("The file holds conversations, not plain text.", file, "Give it as data.sft.");

    private static (HumanAnswer? Passage, string? Problem) Passage(string paragraph, Recipe recipe, ModelText text)
    {
        if (Opening(paragraph, recipe.Data.Stories.Opening) is not { } length || text.Cut(paragraph, length) is not { } cut)
            return (null, NothingLeft);
        var passage = new HumanAnswer([ChatMessage.User(cut.Prompt)], cut.Answer);
        PromptExample example = passage.Render(text);
        if (example.Prompt.Length > recipe.Online.MaxPromptLength) return (null, DropReason.PromptTooLong);
        if (example.Answers[0].Length > recipe.Online.MaxNewTokens) return (null, Long);
        // What the vocabulary cannot spell would tell the reward model at once who wrote it.
        return text.Decode(example.Answers[0]).Trim() == passage.Answer ? (passage, null) : (null, NotWritable);
    }

    private static IReadOnlyList<SftExample> SftExamples(HumanAnswer[] passages, Recipe recipe, ModelText text, int? packing,
        List<string> report)
    {
        LengthRule rule = TrainingRows.SftLengths(recipe, text);
        var lengths = new DataReport("sft examples");
        SftExample[] examples = [.. passages
            .Select(p => rule.Apply(text.Examples.Sft(new Conversation([.. p.Prompt, ChatMessage.Assistant(p.Answer)]), recipe.Sft.LossOn),
                lengths)).OfType<SftExample>()];
        if (lengths.Touched) report.Add(lengths.ToString());
        return packing is { } block ? SftPacking.Pack(examples, Math.Min(block, text.Context ?? block)) : examples;
    }

    private static PromptRow[] Prompts(HumanAnswer[] passages) => [.. passages.Select(p => new PromptRow(p.Prompt))];

    private static string Iteration(int t) => $"online.prompts_per_iteration (iteration {t})";

    /// <summary>White space after a sentence's mark, closing quotes included in the sentence.</summary>
    [GeneratedRegex("""(?<=[.!?]["'”’]?) """)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
