namespace Hone.Inference.Tests;

/// <summary>The distribution that is sampled, computed the slow and obvious way in double.</summary>
internal static class PlainSampler
{
    public static double[] Probabilities(float[] logits, int[] context, SamplingOptions o, int answerFrom = 0)
    {
        double[] scores = [.. logits.Select((x, id) => x + o.LogitBias.GetValueOrDefault(id))];
        foreach (int id in context.Distinct())
            scores[id] = scores[id] < 0 ? scores[id] * o.RepetitionPenalty : scores[id] / o.RepetitionPenalty;
        foreach (IGrouping<int, int> same in context.Skip(answerFrom).GroupBy(id => id))
            scores[same.Key] -= o.PresencePenalty + o.FrequencyPenalty * same.Count();
        for (int i = 0; i < scores.Length; i++) scores[i] /= o.Temperature;
        if (o.TopK > 0 && o.TopK < scores.Length)
        {
            double smallest = scores.OrderDescending().ElementAt(o.TopK - 1);
            Drop(scores, x => x < smallest);
        }
        if (o.TopP < 1)
        {
            double[] p = Softmax(scores);
            double mass = 0;
            int taken = 0;
            foreach (int id in Enumerable.Range(0, p.Length).OrderByDescending(i => scores[i]).ThenBy(i => i))
            {
                if (taken > 0 && mass >= o.TopP) scores[id] = double.NegativeInfinity;
                mass += p[id];
                taken++;
            }
        }
        if (o.MinP > 0)
        {
            double[] p = Softmax(scores);
            double limit = o.MinP * p.Max();
            for (int i = 0; i < p.Length; i++) if (p[i] < limit) scores[i] = double.NegativeInfinity;
        }
        return o.TypicalP < 1 ? Typical(scores, o.TypicalP) : Softmax(scores);
    }

    /// <summary>Line by line what transformers' TypicalLogitsWarper does.</summary>
    private static double[] Typical(double[] scores, double mass)
    {
        double[] p = Softmax(scores);
        double entropy = -p.Where(x => x > 0).Sum(x => x * Math.Log(x));
        double[] shifted = [.. p.Select(x => x > 0 ? Math.Abs(-Math.Log(x) - entropy) : double.PositiveInfinity)];
        int[] order = [.. Enumerable.Range(0, p.Length).OrderBy(i => shifted[i])];
        int last = 0;
        for (double sum = p[order[0]]; sum < mass && last < order.Length - 1; sum += p[order[last]]) last++;
        // Ties in exact arithmetic are ties here too: a margin far below any true difference.
        double limit = shifted[order[last]] + 1e-9;
        return Softmax([.. scores.Select((x, i) => shifted[i] > limit ? double.NegativeInfinity : x)]);
    }

    public static double[] Softmax(double[] scores)
    {
        double max = scores.Max();
        double[] weights = [.. scores.Select(x => Math.Exp(x - max))];
        double total = weights.Sum();
        return [.. weights.Select(w => w / total)];
    }

    /// <summary>Inverse CDF, ids rising; <paramref name="nearBorder"/> when the draw is too near a border to tell in fp32.</summary>
    public static int Draw(double[] probabilities, double uniform, out bool nearBorder)
    {
        double sum = 0;
        int chosen = -1;
        nearBorder = false;
        for (int i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] == 0) continue;
            sum += probabilities[i];
            nearBorder |= Math.Abs(sum - uniform) < 1e-5;
            if (chosen < 0 && uniform < sum) chosen = i;
        }
        return chosen;
    }

    private static void Drop(double[] scores, Func<double, bool> unwanted)
    {
        for (int i = 0; i < scores.Length; i++) if (unwanted(scores[i])) scores[i] = double.NegativeInfinity;
    }
}
