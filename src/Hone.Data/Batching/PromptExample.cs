namespace Hone.Data;

/// <summary>A comparison of two answers of one prompt, by their indices.</summary>
public readonly record struct Comparison(int Better, int Worse)
{
    /// <summary>How much better, on the scale of the data; 0 where the data does not say.</summary>
    internal double Margin { get; init; }
}

/// <summary>What is known of an answer that is judged by itself.</summary>
internal enum AnswerLabel
{
    /// <summary>It is wanted.</summary>
    Desirable,

    /// <summary>It is not wanted.</summary>
    Undesirable,

    /// <summary>It answers another prompt: nothing is learnt from it, it shows how far the policy is from its reference.</summary>
    Mismatched,
}

/// <summary>
/// A prompt [time] with K answers [K][time]: what is scored, compared and trained on. A preference pair is the case K = 2
/// with one comparison; ranked answers have several; answers to be scored have none. In a forest the prompt and each answer
/// are computed once.
/// </summary>
public sealed record PromptExample(int[] Prompt, int[][] Answers)
{
    /// <summary>Which answers are better than which.</summary>
    public Comparison[] Comparisons { get; init; } = [];

    /// <summary>Of answers that are judged by themselves; null where answers are compared. [K]</summary>
    internal AnswerLabel[]? Labels { get; init; }

    /// <summary>The reference policy's summed log-probability of each answer, computed once; null where there is none. [K]</summary>
    public double[]? ReferenceLogps { get; init; }

    /// <summary>Tokens that the example takes in a forest: the prompt counts once.</summary>
    public int Tokens => Prompt.Length + Answers.Sum(a => a.Length);

    public static PromptExample FromPair(PreferenceExample pair) =>
        new(pair.Prompt, [pair.Chosen, pair.Rejected]) { Comparisons = [new Comparison(0, 1) { Margin = pair.Margin }] };

    /// <summary>Pairs of the same prompt become one example, with equal answers shared. Order follows each prompt's first pair.</summary>
    public static IReadOnlyList<PromptExample> Group(IEnumerable<PreferenceExample> pairs)
    {
        var groups = new Dictionary<string, (int[] Prompt, List<int[]> Answers, List<Comparison> Comparisons)>();
        var order = new List<string>();
        foreach (PreferenceExample pair in pairs)
        {
            string key = string.Join(',', pair.Prompt);
            if (!groups.TryGetValue(key, out var group))
            {
                groups[key] = group = (pair.Prompt, [], []);
                order.Add(key);
            }
            group.Comparisons.Add(
                new Comparison(IndexOf(group.Answers, pair.Chosen), IndexOf(group.Answers, pair.Rejected)) { Margin = pair.Margin });
        }
        return [.. order.Select(key =>
            new PromptExample(groups[key].Prompt, [.. groups[key].Answers]) { Comparisons = [.. groups[key].Comparisons] })];
    }

    private static int IndexOf(List<int[]> answers, int[] answer)
    {
        int found = answers.FindIndex(a => a.AsSpan().SequenceEqual(answer));
        if (found >= 0) return found;
        answers.Add(answer);
        return answers.Count - 1;
    }
}
