namespace Hone.Inference.Tests;

/// <summary>The distribution that is sampled, computed the slow and obvious way in double.</summary>
internal static class PlainSampler
{
    public static double[] Probabilities(float[] logits, int[] context, SamplingOptions o)
    {
        double[] scores = [.. logits.Select(x => (double)x)];
        foreach (int id in context.Distinct())
            scores[id] = scores[id] < 0 ? scores[id] * o.RepetitionPenalty : scores[id] / o.RepetitionPenalty;
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
        return Softmax(scores);
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
