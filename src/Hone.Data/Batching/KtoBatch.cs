namespace Hone.Data;

/// <summary>
/// Labelled answers as KTO learns from them: each beside an answer to another prompt, whose log-ratio estimates how far the
/// policy is from its reference (arXiv 2402.01306, section 4.1; TRL's mismatched pairs). The prompt is computed once for both.
/// </summary>
internal static class KtoBatch
{
    /// <summary>Rows looked through for an answer to another prompt that fits.</summary>
    private const int Looked = 64;

    /// <param name="rows">In the order of the data.</param>
    /// <param name="maxLength">Most tokens of a prompt with an answer.</param>
    /// <returns>As many; a row to which no answer fits stands alone.</returns>
    public static IReadOnlyList<PromptExample> Of(IReadOnlyList<LabelledExample> rows, int maxLength) =>
        [.. rows.Select((row, i) => Mismatched(rows, i, maxLength) is { } other
            ? new PromptExample(row.Prompt, [row.Answer, other]) { Labels = [LabelOf(row), AnswerLabel.Mismatched] }
            : new PromptExample(row.Prompt, [row.Answer]) { Labels = [LabelOf(row)] })];

    private static AnswerLabel LabelOf(LabelledExample row) => row.Desirable ? AnswerLabel.Desirable : AnswerLabel.Undesirable;

    private static int[]? Mismatched(IReadOnlyList<LabelledExample> rows, int at, int maxLength)
    {
        int[] prompt = rows[at].Prompt;
        for (int step = 1; step <= Math.Min(Looked, rows.Count - 1); step++)
        {
            LabelledExample other = rows[(at + step) % rows.Count];
            if (prompt.Length + other.Answer.Length <= maxLength && !other.Prompt.AsSpan().SequenceEqual(prompt)) return other.Answer;
        }
        return null;
    }
}
