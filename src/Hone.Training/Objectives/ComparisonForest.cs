using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Comparisons as a forest: each example a prompt with its answers as children, answers numbered over all trees.</summary>
internal sealed class ComparisonForest
{
    public ComparisonForest(IReadOnlyList<ComparisonExample> examples)
    {
        foreach (ComparisonExample example in examples)
        {
            int prompt = Forest.AddRoot(example.Prompt);
            int first = Answers.Count;
            foreach (int[] answer in example.Answers)
            {
                int segment = Forest.AddChild(prompt, answer);
                Scored.AddSegment(Forest, segment, Answers.Count);
                LastTokens.Add(Forest.Segments[segment].End - 1);
                Answers.Add(answer);
            }
            foreach (Comparison c in example.Comparisons)
            {
                Better.Add(first + c.Better);
                Worse.Add(first + c.Worse);
            }
        }
    }

    public TokenForest Forest { get; } = new();

    /// <summary>All answer tokens; the group is the answer's number.</summary>
    public ScoredTokens Scored { get; } = new();

    public List<int[]> Answers { get; } = [];

    /// <summary>Flat index of each answer's true last token: where a reward model is read (never found by searching for a pad id).</summary>
    public List<long> LastTokens { get; } = [];

    /// <summary>Number of the better answer of each comparison.</summary>
    public List<long> Better { get; } = [];

    /// <summary>Number of the worse answer of each comparison.</summary>
    public List<long> Worse { get; } = [];

    /// <summary>Sums per-token values [N] over each answer. [answers]</summary>
    public Tensor SumByAnswer(Tensor values) =>
        values.SumByGroup(tensor(Scored.Groups.Select(g => (long)g).ToArray(), device: values.device), Answers.Count);
}
