namespace Hone.Data;

/// <summary>What happens to examples that are too long.</summary>
public enum LengthPolicy
{
    /// <summary><c>drop</c>: the example is left out and counted. The default; nothing is ever cut.</summary>
    Drop,

    /// <summary>
    /// <c>keep_end_of_prompt</c>: BOS stays, then the last tokens of the prompt that leave room for the longer answer;
    /// answers are never cut. For SFT: BOS stays, then the last tokens of the example. What cannot fit is dropped.
    /// </summary>
    KeepEndOfPrompt,

    /// <summary>
    /// <c>faithful</c>: the rules of TRL 0.9.6, which the public recipe ran: the last tokens of the prompt without BOS,
    /// then answers cut at the end, EOS included. SFT examples are cut at the end. Counted, for it loses BOS and EOS.
    /// </summary>
    Faithful,
}

/// <summary>Brings examples within a length, by a named policy, and counts what that did to them.</summary>
/// <param name="MaxLength">Most tokens of a prompt with its longer answer, or of an SFT example.</param>
/// <param name="MaxPromptLength">Most tokens of a prompt; null is no limit of its own (not with <c>faithful</c>).</param>
/// <param name="Policy">What happens to the rest.</param>
/// <param name="BosId">The token that must stay in front, where the model has one.</param>
public sealed record LengthRule(int MaxLength, int? MaxPromptLength = null, LengthPolicy Policy = LengthPolicy.Drop, int? BosId = null)
{
    private int PromptLimit => MaxPromptLength ?? MaxLength;

    /// <summary>The example within the limits, or null where it is dropped; counted either way.</summary>
    public SftExample? Apply(SftExample example, DataReport report)
    {
        SftExample? fit = example.Ids.Length <= MaxLength ? example : Policy switch
        {
            LengthPolicy.Drop => null,
            LengthPolicy.KeepEndOfPrompt => KeepEnd(example, report),
            _ => CutEnd(example, report),
        };
        if (fit is null) return Dropped<SftExample>(report, DropReason.TooLong);
        if (!fit.LossMask.Skip(1).Any(m => m)) return Dropped<SftExample>(report, DropReason.NoLossTokens);
        report.Keep();
        return fit;
    }

    /// <summary>The pair within the limits, or null where it is dropped; counted either way.</summary>
    public PreferenceExample? Apply(PreferenceExample example, DataReport report)
    {
        int longer = Math.Max(example.Chosen.Length, example.Rejected.Length);
        return Policy switch
        {
            LengthPolicy.Drop => DropPair(example, longer, report),
            LengthPolicy.KeepEndOfPrompt => KeepEndOfPrompt(example, longer, report),
            _ => Faithful(example, longer, report),
        };
    }

    /// <summary>The labelled answer within the limits, or null where it is dropped; counted either way.</summary>
    internal LabelledExample? Apply(LabelledExample example, DataReport report) =>
        Apply(new PreferenceExample(example.Prompt, example.Answer, example.Answer), report) is { } fit
            ? example with { Prompt = fit.Prompt, Answer = fit.Chosen }
            : null;

    /// <summary>The prompt of an answer that is yet to be sampled, or null where it is dropped; counted either way.</summary>
    public int[]? ApplyToPrompt(int[] prompt, DataReport report)
    {
        int[] fit = prompt;
        if (prompt.Length > PromptLimit)
        {
            if (Policy == LengthPolicy.Drop) return Dropped<int[]>(report, DropReason.PromptTooLong);
            fit = Policy == LengthPolicy.KeepEndOfPrompt ? EndAfterBos(prompt, PromptLimit) : prompt[^PromptLimit..];
            CountPromptCut(prompt, fit, report);
        }
        report.Keep();
        return fit;
    }

    /// <summary>Sampled answers must fit into training whole, or their ends would be lost there.</summary>
    /// <exception cref="InputException">A prompt and an answer, both within their limits, can be too long together.</exception>
    public void RequireRoomFor(int maxNewTokens)
    {
        int needed = PromptLimit + maxNewTokens;
        if (MaxPromptLength is not null && needed <= MaxLength) return;
        string prompts = MaxPromptLength is null ? "prompts of any length" : $"prompts of up to {MaxPromptLength} tokens";
        string together = MaxPromptLength is null ? "have no limit" : $"make {needed}";
        throw new InputException(
            $"{prompts} with answers of up to {maxNewTokens} tokens {together}, training takes {MaxLength}",
            fix: "Raise the training length, or lower the prompt length or the tokens sampled.");
    }

    private PreferenceExample? DropPair(PreferenceExample example, int longer, DataReport report)
    {
        if (example.Prompt.Length > PromptLimit) return Dropped<PreferenceExample>(report, DropReason.PromptTooLong);
        if (example.Prompt.Length > MaxLength - longer) return Dropped<PreferenceExample>(report, DropReason.TooLong);
        report.Keep();
        return example;
    }

    private PreferenceExample? KeepEndOfPrompt(PreferenceExample example, int longer, DataReport report)
    {
        int room = Math.Min(PromptLimit, MaxLength - longer);
        int[] prompt = example.Prompt;
        if (prompt.Length > room)
        {
            // Less than BOS and one token is no prompt.
            if (room < 2) return Dropped<PreferenceExample>(report, DropReason.TooLong);
            prompt = EndAfterBos(prompt, room);
            CountPromptCut(example.Prompt, prompt, report);
        }
        report.Keep();
        return example with { Prompt = prompt };
    }

    /// <summary>
    /// TRL 0.9.6, <c>tokenize_row</c> with <c>keep_end</c>: if prompt + longer answer is over the limit, the prompt
    /// keeps its last tokens; if still over, both answers keep their first (limit - prompt limit), whatever the prompt's
    /// true length.
    /// </summary>
    private PreferenceExample? Faithful(PreferenceExample example, int longer, DataReport report)
    {
        if (MaxPromptLength is not { } promptLimit || promptLimit >= MaxLength)
            throw new InputException("the faithful length policy needs a prompt limit below the whole limit", "max_prompt_length");
        report.Keep();
        if (example.Prompt.Length + longer <= MaxLength) return example;

        int[] prompt = example.Prompt.Length > promptLimit ? example.Prompt[^promptLimit..] : example.Prompt;
        CountPromptCut(example.Prompt, prompt, report);
        if (prompt.Length + longer <= MaxLength) return example with { Prompt = prompt };

        int room = MaxLength - promptLimit;
        if (longer > room) report.Change(DropReason.AnswerEndCut);
        return example with { Prompt = prompt, Chosen = Start(example.Chosen, room), Rejected = Start(example.Rejected, room) };
    }

    private SftExample KeepEnd(SftExample example, DataReport report)
    {
        report.Change(DropReason.PromptStartCut);
        int[] ids = EndAfterBos(example.Ids, MaxLength);
        bool bos = StartsWithBos(example.Ids);
        bool[] mask = bos ? [example.LossMask[0], .. example.LossMask[^(MaxLength - 1)..]] : example.LossMask[^MaxLength..];
        return new SftExample(ids, mask);
    }

    private SftExample CutEnd(SftExample example, DataReport report)
    {
        report.Change(DropReason.AnswerEndCut);
        return new SftExample(example.Ids[..MaxLength], example.LossMask[..MaxLength]);
    }

    private int[] EndAfterBos(int[] ids, int length) => StartsWithBos(ids) ? [ids[0], .. ids[^(length - 1)..]] : ids[^length..];

    private bool StartsWithBos(int[] ids) => BosId is { } bos && ids[0] == bos;

    private void CountPromptCut(int[] before, int[] after, DataReport report)
    {
        if (before.Length == after.Length) return;
        report.Change(DropReason.PromptStartCut);
        if (StartsWithBos(before) && !StartsWithBos(after)) report.Change(DropReason.BosCut);
    }

    private static int[] Start(int[] ids, int length) => ids.Length > length ? ids[..length] : ids;

    private static T? Dropped<T>(DataReport report, string reason)
        where T : class
    {
        report.Drop(reason);
        return null;
    }
}
