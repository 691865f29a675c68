using System.Globalization;

namespace Hone.Evaluation;

/// <summary>What would make a table wrong without anyone noticing, said in sentences.</summary>
internal static class EvalWarnings
{
    /// <summary>
    /// Share of items with empty or unreadable answers above which a task's figure says more of the format than of the
    /// model.
    /// </summary>
    private const double Notable = 0.05;

    private static readonly string[] s_chatNames = ["instruct", "chat", "-it", "dpo", "rlhf", "sft"];

    public static IReadOnlyList<string> Of(IReadOnlyList<TaskRun> runs, ModelInfo model)
    {
        List<string> warnings = [];
        foreach (TaskRun run in runs)
        {
            string task = run.Task.Name;
            int items = run.Items.Count;
            if (run.Excluded > 0)
                warnings.Add($"{task}: {run.Excluded} of {items} items got no usable reply and are in no figure; the first: "
                    + $"{run.Items.First(i => i.Error is not null).Error}");
            Answer[] answers = [.. run.Items.Where(i => i.Replies is not null).SelectMany(i => i.Replies!.Answers)];
            Count(answers.Count(a => string.IsNullOrWhiteSpace(a.Text)), answers.Length, "answers are empty", always: false);
            Count(answers.Count(a => a.FinishReason == "length"), answers.Length, "answers ran out of tokens", always: false);
            int cut = run.Items.Count(i => i.Replies is { } r
                && (r.Answers.Any(a => a.DroppedTokens > 0) || r.Likelihoods.Any(l => l.DroppedTokens > 0)));
            Count(cut, items, $"prompts were cut at the start to fit the model's {model.ContextLength} tokens: the figure "
                + "is not comparable", always: true);
            int doubled = run.Items.Count(i => i.Replies is { } r
                && (r.Answers.Any(a => a.DoubleBos) || r.Likelihoods.Any(l => l.DoubleBos)));
            Count(doubled, items, "prompts began with BOS twice: the text brings one along and the tokenizer adds its own", always: true);
            foreach (IGrouping<string, string> flag in run.Graded.SelectMany(i => i.Grade!.Flags.Distinct()).GroupBy(f => f)
                .OrderBy(f => f.Key, StringComparer.Ordinal))
                Count(flag.Count(), items, $"items are flagged `{flag.Key}`", always: true);

            void Count(int count, int of, string what, bool always)
            {
                if (count > 0 && (always || count > Notable * of))
                    warnings.Add($"{task}: {count} of {of} {what} ({(100.0 * count / of).ToString("0.#", CultureInfo.InvariantCulture)}%)");
            }
        }
        bool chat = runs.SelectMany(r => r.Task.Items)
            .Any(i => i.Generations.Any(g => g.Prompt.Messages is not null) || i.Scores.Any(s => s.Context.Messages is not null));
        if (model.HasChatTemplate == true && !chat)
            warnings.Add($"{model.Name} has a chat template and was asked in plain text, as a base model is; --apply-chat-template "
                + "asks it in its own format");
        if (model.HasChatTemplate == false && LooksLikeChat(model.Name))
            warnings.Add($"{model.Name} looks like a chat model and has no chat template: it was asked in plain text");
        return warnings;
    }

    private static bool LooksLikeChat(string name) => s_chatNames.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
}
