using Hone.Data;

namespace Hone.Evaluation;

/// <summary>
/// Two models on the same items. Each item is compared with itself, which takes the items' own difficulty out of the
/// difference (Miller 2024, "Adding Error Bars to Evals", arXiv 2411.00640, section 4.2).
/// </summary>
/// <param name="Items">Items that both have.</param>
/// <param name="OnlyFirst">Items that the second lacks: left out.</param>
/// <param name="Difference">Mean of second minus first, with its 95% interval (bootstrap over items).</param>
/// <param name="P">Two-sided: exact McNemar where every value is 0 or 1, else random sign flips of the differences.</param>
internal sealed record PairedComparison(
    int Items, int OnlyFirst, int OnlySecond, double First, double Second, Interval Difference, double P, string Test)
{
    private const int Flips = 10_000;

    /// <exception cref="InputException">The two have no item in common.</exception>
    public static PairedComparison Of(IReadOnlyDictionary<string, double> first, IReadOnlyDictionary<string, double> second, ulong seed)
    {
        string[] common = [.. first.Keys.Where(second.ContainsKey)];
        if (common.Length == 0)
            throw new InputException("the two results have no item in common", fix: "Compare runs of the same task on the same items.");
        double[] a = [.. common.Select(id => first[id])], b = [.. common.Select(id => second[id])];
        bool binary = a.Concat(b).All(v => v is 0 or 1);
        return new PairedComparison(common.Length, first.Count - common.Length, second.Count - common.Length, a.Average(), b.Average(),
            Bootstrap.PairedDifference(b, a, seed), binary ? McNemar(a, b) : SignFlips(a, b, seed),
                binary ? "exact McNemar" : "sign flips");
    }

    /// <summary>
    /// McNemar's test, exact: of the items on which the two differ, are as many won by one as by the other? Two-sided
    /// binomial with probability one half (McNemar 1947).
    /// </summary>
    internal static double McNemar(double[] a, double[] b)
    {
        int first = 0, second = 0;
        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] > b[i]) first++;
            else if (b[i] > a[i]) second++;
        }
        int n = first + second;
        // Sum of C(n, k) / 2^n up to the smaller count, in logarithms: n may be thousands.
        double tail = 0, log = -n * Math.Log(2);
        for (int k = 0; k <= Math.Min(first, second); k++)
        {
            tail += Math.Exp(log);
            log += Math.Log(n - k) - Math.Log(k + 1);
        }
        return Math.Min(1, 2 * tail);
    }

    private static double SignFlips(double[] a, double[] b, ulong seed)
    {
        double[] differences = [.. a.Zip(b, (x, y) => y - x)];
        double seen = Math.Abs(differences.Sum());
        var random = new Xoshiro256(Seeds.Derive(seed, "sign-flips"));
        int asExtreme = 0;
        for (int flip = 0; flip < Flips; flip++)
        {
            double sum = 0;
            foreach (double d in differences) sum += (random.NextUInt64() & 1) == 0 ? d : -d;
            // A sum of the same terms in another sign pattern may miss equality by rounding only.
            if (Math.Abs(sum) >= seen - 1e-12 * differences.Length) asExtreme++;
        }
        return (asExtreme + 1.0) / (Flips + 1);
    }
}
