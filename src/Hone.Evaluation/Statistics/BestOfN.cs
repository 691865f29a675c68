namespace Hone.Evaluation;

/// <summary>Sampling n answers and keeping the one that a reward model likes best: what it gains and what it costs.</summary>
internal static class BestOfN
{
    /// <summary>
    /// Upper bound of KL(best-of-n || policy): ln n - (n - 1)/n nats (Beirami et al. 2024, arXiv 2401.01879; an equality
    /// only where no answer has a probability of its own).
    /// </summary>
    public static double KlBound(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return Math.Log(n) - (n - 1.0) / n;
    }

    /// <summary>Upper bound of the win rate of best-of-n over one sample, by the very judge that chooses: n/(n + 1).</summary>
    public static double WinRateBound(int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        return n / (n + 1.0);
    }

    /// <summary>
    /// Preferences for <see cref="WinRate.Of"/>: the gold score of the answer with the highest reward (the first of equals)
    /// against the gold score of another, independent answer to the same prompt. [prompts]
    /// </summary>
    /// <param name="rewards">Rewards of the n answers. [prompts][n]</param>
    /// <param name="gold">Gold scores of the same answers. [prompts][n]</param>
    /// <param name="baselineGold">Gold score of one more answer, not among the n. [prompts]</param>
    /// <exception cref="ArgumentException">The shapes differ, a prompt has no answer, or a score is NaN.</exception>
    public static double[] Preferences(
        IReadOnlyList<IReadOnlyList<double>> rewards, IReadOnlyList<IReadOnlyList<double>> gold, IReadOnlyList<double> baselineGold)
    {
        if (rewards.Count != gold.Count) throw new ArgumentException("Rewards and gold scores need the same prompts.", nameof(gold));
        double[] chosen = new double[rewards.Count];
        for (int p = 0; p < chosen.Length; p++)
        {
            if (rewards[p].Count == 0 || rewards[p].Count != gold[p].Count)
                throw new ArgumentException($"Prompt {p} needs one reward and one gold score per answer.", nameof(gold));
            chosen[p] = gold[p][ArgMax(rewards[p])];
        }
        return WinRate.Preferences(chosen, baselineGold);
    }

    /// <summary>
    /// Probability that each of m answers is the best of n independent draws from them: F(a)^n - F^-(a)^n, with F the
    /// cumulative distribution of the rewards and F^- its strict form; equals share their part. [m]
    /// </summary>
    public static double[] Distribution(IReadOnlyList<double> rewards, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        double[] probabilities = new double[rewards.Count];
        for (int i = 0; i < probabilities.Length; i++)
        {
            double below = rewards.Count(r => r < rewards[i]), equal = rewards.Count(r => r == rewards[i]), m = rewards.Count;
            probabilities[i] = (Math.Pow((below + equal) / m, n) - Math.Pow(below / m, n)) / equal;
        }
        return probabilities;
    }

    private static int ArgMax(IReadOnlyList<double> values)
    {
        int best = 0;
        for (int i = 0; i < values.Count; i++)
        {
            if (double.IsNaN(values[i])) throw new ArgumentException($"Reward {i} is NaN.", nameof(values));
            if (values[i] > values[best]) best = i;
        }
        return best;
    }
}
