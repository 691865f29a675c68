namespace Hone.Data;

/// <summary>A comparison of two answers of one prompt, by their indices.</summary>
public readonly record struct Comparison(int Better, int Worse);

/// <summary>
/// A prompt [time] with K answers [K][time]: what is scored, compared and trained on. A preference pair is the case K = 2
/// with one comparison; ranked answers have several; answers to be scored have none. In a forest the prompt and each answer
/// are computed once.
/// </summary>
public sealed record PromptExample(int[] Prompt, int[][] Answers)
{
    /// <summary>Which answers are better than which.</summary>
    public Comparison[] Comparisons { get; init; } = [];

    /// <summary>The reference policy's summed log-probability of each answer, computed once; null where there is none. [K]</summary>
    public double[]? ReferenceLogps { get; init; }

    /// <summary>Tokens that the example takes in a forest: the prompt counts once.</summary>
    public int Tokens => Prompt.Length + Answers.Sum(a => a.Length);

    public static PromptExample FromPair(PreferenceExample pair) =>
        new(pair.Prompt, [pair.Chosen, pair.Rejected]) { Comparisons = [new Comparison(0, 1)] };

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
            group.Comparisons.Add(new Comparison(IndexOf(group.Answers, pair.Chosen), IndexOf(group.Answers, pair.Rejected)));
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
