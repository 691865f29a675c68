using Hone.Data;
using Hone.Text;

namespace Hone.Workflow.World;

/// <summary>
/// Answers to one prompt in the order of noisy labels, the best first. <paramref name="Gold"/>[i] is the judge's total for
/// Answers[i]: for evaluation only, since a reward model may see the order and nothing else.
/// </summary>
internal sealed record RankedAnswers(string Prompt, IReadOnlyList<string> Answers, IReadOnlyList<double> Gold)
{
    /// <summary>All comparisons of the ranking, k(k-1)/2 of them, without scores.</summary>
    public IEnumerable<Preference> Pairs() =>
        from better in Enumerable.Range(0, Answers.Count)
        from worse in Enumerable.Range(better + 1, Answers.Count - better - 1)
        select new Preference([ChatMessage.User(Prompt)], Answers[better], Answers[worse]);
}

/// <summary>Labels with the noise of the Bradley-Terry model: P(a before b) = sigmoid(gold(a) - gold(b)).</summary>
internal static class GoldLabels
{
    /// <summary>True where the reader prefers the answer of total <paramref name="a"/> to that of total <paramref name="b"/>.</summary>
    public static bool Prefers(double a, double b, Xoshiro256 random) => random.Chance(1 / (1 + Math.Exp(b - a)));

    /// <summary>
    /// Indices of <paramref name="gold"/>, the best first: a Plackett-Luce draw (gold plus Gumbel noise, sorted), in which
    /// every pair on its own is a Bradley-Terry draw (Yellott 1977).
    /// </summary>
    public static int[] Rank(IReadOnlyList<double> gold, Xoshiro256 random)
    {
        double[] noisy = [.. gold.Select(g => g + random.NextGumbel())];
        return [.. Enumerable.Range(0, noisy.Length).OrderByDescending(i => noisy[i])];
    }

    /// <summary>Ranks finished answers to one prompt.</summary>
    public static RankedAnswers Rank(string prompt, IReadOnlyList<string> answers, Xoshiro256 random)
    {
        double[] gold = [.. answers.Select(a => GoldJudge.Score(prompt, a, finished: true).Total)];
        int[] order = Rank(gold, random);
        return new RankedAnswers(prompt, [.. order.Select(i => answers[i])], [.. order.Select(i => gold[i])]);
    }
}
