namespace Hone.Data;

/// <summary>
/// Examples laid into a token forest, with what a loss reads from it. <see cref="BatchPlan"/> says which examples go together.
/// </summary>
public sealed class ForestBatch
{
    private readonly List<int[]> _answers = [];
    private readonly List<int> _better = [];
    private readonly List<int> _worse = [];
    private readonly List<double> _margins = [];
    private readonly List<AnswerLabel> _labels = [];
    private int[] _lastTokens = [];

    private ForestBatch()
    {
    }

    public TokenForest Forest { get; } = new();

    /// <summary>The tokens that are learnt or scored. Their group is the example, or where there are answers the answer's number.</summary>
    public ScoredTokens Scored { get; } = new();

    /// <summary>The answers of all examples in order. [answers][time]</summary>
    public IReadOnlyList<int[]> Answers => _answers;

    /// <summary>
    /// Flat index of each answer's true last token: where a reward model is read (never found by searching for a pad id). [answers]
    /// </summary>
    public IReadOnlyList<int> LastTokens => _lastTokens;

    /// <summary>Number of the better answer of each comparison. [comparisons]</summary>
    public IReadOnlyList<int> Better => _better;

    /// <summary>Number of the worse answer of each comparison. [comparisons]</summary>
    public IReadOnlyList<int> Worse => _worse;

    /// <summary>How much better the better answer of each comparison is; 0 where the data does not say. [comparisons]</summary>
    internal IReadOnlyList<double> Margins => _margins;

    /// <summary>Labels of the answers, where all have one. [answers]</summary>
    internal IReadOnlyList<AnswerLabel> Labels => _labels;

    /// <summary>Each example is a root. Scored: the tokens of its loss mask.</summary>
    public static ForestBatch Of(IReadOnlyList<SftExample> examples)
    {
        var batch = new ForestBatch();
        foreach ((int i, SftExample example) in examples.Index())
            batch.Scored.AddSegment(batch.Forest, batch.Forest.AddRoot(example.Ids), group: i, example.LossMask);
        return batch;
    }

    /// <summary>Each example is a prompt with its answers as children. Scored: all answer tokens.</summary>
    /// <param name="examples">In the order of the batch.</param>
    /// <param name="boundary">
    /// Where the model computes a prompt differently in sequences up to this length and in longer ones, an example with
    /// answers of both kinds has its prompt twice; null where a prompt is always the same.
    /// </param>
    public static ForestBatch Of(IReadOnlyList<PromptExample> examples, int? boundary = null)
    {
        var batch = new ForestBatch();
        var lastTokens = new SortedDictionary<int, int>();
        foreach (PromptExample example in examples)
        {
            int first = batch._answers.Count;
            foreach (IGrouping<bool, int> kind in Enumerable.Range(0, example.Answers.Length)
                .GroupBy(k => example.Prompt.Length + example.Answers[k].Length > boundary))
            {
                int prompt = batch.Forest.AddRoot(example.Prompt);
                foreach (int k in kind)
                {
                    int segment = batch.Forest.AddChild(prompt, example.Answers[k]);
                    batch.Scored.AddSegment(batch.Forest, segment, group: first + k);
                    lastTokens[first + k] = batch.Forest.Segments[segment].End - 1;
                }
            }
            batch._answers.AddRange(example.Answers);
            batch._better.AddRange(example.Comparisons.Select(c => first + c.Better));
            batch._worse.AddRange(example.Comparisons.Select(c => first + c.Worse));
            batch._margins.AddRange(example.Comparisons.Select(c => c.Margin));
            batch._labels.AddRange(example.Labels ?? []);
        }
        batch._lastTokens = [.. lastTokens.Values];
        return batch;
    }
}
