namespace Hone.Data;

/// <summary>A forest with the tokens that a loss reads from it.</summary>
/// <param name="Forest">One tree per example, in the order of <paramref name="Examples"/>.</param>
/// <param name="Scored">The tokens that are learnt or scored.</param>
/// <param name="Groups">Number of groups of <paramref name="Scored"/>; which ones they are says the method that made the batch.</param>
/// <param name="Examples">Index of each tree's example in the list that the batch was made from. [trees]</param>
public sealed record ForestBatch(TokenForest Forest, ScoredTokens Scored, int Groups, int[] Examples);

/// <summary>Lays examples into a token forest. <see cref="BatchPlan"/> says which examples go together.</summary>
public static class ForestBatcher
{
    /// <summary>Each example is a root: tree t = segment t = group t. Scored: the tokens of its loss mask.</summary>
    public static ForestBatch Sft(IReadOnlyList<SftExample> examples, int[] indices)
    {
        TokenForest forest = new();
        ScoredTokens scored = new();
        for (int t = 0; t < indices.Length; t++)
        {
            SftExample example = examples[indices[t]];
            scored.AddSegment(forest, forest.AddRoot(example.Ids), group: t, example.LossMask);
        }
        return new ForestBatch(forest, scored, indices.Length, indices);
    }

    /// <summary>
    /// Each pair is a prompt with two children: tree t has the segments 3t (prompt), 3t+1 (chosen) and 3t+2 (rejected).
    /// Scored: all answer tokens; group 2t is the chosen answer, 2t+1 the rejected one.
    /// </summary>
    public static ForestBatch Pairs(IReadOnlyList<PreferenceExample> examples, int[] indices)
    {
        TokenForest forest = new();
        ScoredTokens scored = new();
        for (int t = 0; t < indices.Length; t++)
        {
            PreferenceExample example = examples[indices[t]];
            int prompt = forest.AddRoot(example.Prompt);
            scored.AddSegment(forest, forest.AddChild(prompt, example.Chosen), group: 2 * t);
            scored.AddSegment(forest, forest.AddChild(prompt, example.Rejected), group: 2 * t + 1);
        }
        return new ForestBatch(forest, scored, 2 * indices.Length, indices);
    }

    /// <summary>
    /// Each row is a prompt with K children, K being the row's own. Scored: all answer tokens; the groups number the
    /// answers of all trees in order.
    /// </summary>
    public static ForestBatch Samples(IReadOnlyList<SampleExample> examples, int[] indices)
    {
        TokenForest forest = new();
        ScoredTokens scored = new();
        int group = 0;
        foreach (int index in indices)
        {
            int prompt = forest.AddRoot(examples[index].Prompt);
            foreach (int[] response in examples[index].Responses)
                scored.AddSegment(forest, forest.AddChild(prompt, response), group++);
        }
        return new ForestBatch(forest, scored, group, indices);
    }

    /// <summary>Tokens that an example takes in a forest: the prompt counts once.</summary>
    public static int Tokens(SftExample example) => example.Ids.Length;

    /// <inheritdoc cref="Tokens(SftExample)"/>
    public static int Tokens(PreferenceExample example) =>
        example.Prompt.Length + example.Chosen.Length + example.Rejected.Length;

    /// <inheritdoc cref="Tokens(SftExample)"/>
    public static int Tokens(SampleExample example) => example.Prompt.Length + example.Responses.Sum(r => r.Length);
}
