using Hone.Data;

namespace Hone.Workflow.Inspection;

/// <summary>A stretch of tokens [time] that is cut on its own, and which of them are learnt [time].</summary>
internal sealed record TokenPart(int[] Ids, bool[] Trained)
{
    public static TokenPart Context(int[] ids) => new(ids, new bool[ids.Length]);

    public static TokenPart Answer(int[] ids) => new(ids, [.. ids.Select(_ => true)]);

    /// <summary>
    /// Which tokens are still there after the part was cut to <paramref name="after"/>: its start, its end, or its first
    /// token and its end.
    /// </summary>
    public bool[] Survives(int[] after)
    {
        int cut = Ids.Length - after.Length;
        int bos = cut > 0 && !Ids.AsSpan(cut).SequenceEqual(after) && Ids.AsSpan(cut + 1).SequenceEqual(after.AsSpan(1)) ? 1 : 0;
        bool start = cut > 0 && Ids.AsSpan().StartsWith(after);
        return [.. Ids.Select((_, i) => start ? i < after.Length : i < bos || i >= cut + bos)];
    }
}

/// <summary>A sequence that the model reads at once.</summary>
internal sealed record TokenSequence(string Title, IReadOnlyList<TokenPart> Parts)
{
    public int Length => Parts.Sum(p => p.Ids.Length);

    /// <summary>Tokens that are learnt; the first is predicted from nothing, so it never is.</summary>
    public int Trained => Parts.SelectMany(p => p.Trained).Skip(1).Count(t => t);
}

/// <summary>A row in tokens, and what a length rule leaves of it.</summary>
/// <param name="Sequences">One for SFT and prompts, two for a preference.</param>
/// <param name="Lengths">What its length is measured by, by name.</param>
/// <param name="Apply">The parts of each sequence under a rule, or null where the row is dropped; counted in the report.</param>
internal sealed record RowTokens(
    IReadOnlyList<TokenSequence> Sequences, IReadOnlyList<(string Name, int Length)> Lengths,
    Func<LengthRule, DataReport, int[][][]?> Apply)
{
    public static RowTokens Of(SftExample example) => new(
        [new TokenSequence("example", [new TokenPart(example.Ids, example.LossMask)])],
        [("example", example.Ids.Length)],
        (rule, report) => rule.Apply(example, report) is { } fit ? [[fit.Ids]] : null);

    public static RowTokens Of(PreferenceExample pair) => new(
        [Answered("chosen", pair.Prompt, pair.Chosen), Answered("rejected", pair.Prompt, pair.Rejected)],
        [
            ("prompt and longer answer", pair.Prompt.Length + Math.Max(pair.Chosen.Length, pair.Rejected.Length)),
            ("prompt", pair.Prompt.Length),
            ("chosen answer", pair.Chosen.Length), ("rejected answer", pair.Rejected.Length),
        ],
        (rule, report) => rule.Apply(pair, report) is { } fit ? [[fit.Prompt, fit.Chosen], [fit.Prompt, fit.Rejected]] : null);

    public static RowTokens Of(int[] prompt) => new(
        [new TokenSequence("prompt", [TokenPart.Context(prompt)])],
        [("prompt", prompt.Length)],
        (rule, report) => rule.ApplyToPrompt(prompt, report) is { } fit ? [[fit]] : null);

    private static TokenSequence Answered(string title, int[] prompt, int[] answer) =>
        new(title, [TokenPart.Context(prompt), TokenPart.Answer(answer)]);
}
