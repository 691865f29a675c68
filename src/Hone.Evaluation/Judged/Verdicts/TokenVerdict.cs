namespace Hone.Evaluation;

/// <summary>
/// The preference that a judge's first token speaks for, as AlpacaEval 2 reads it: from 1 (the answer shown first, m) to 2
/// (the other, M).
/// </summary>
internal static class TokenVerdict
{
    // Less than this on both names together, and the judge said something else.
    private const double LeastMass = 0.5;

    /// <summary>
    /// Upstream: p = P("m") / (P("m") + P("M")), whatever else is likely. Own: tokens with white space around count too, and
    /// both names together must have half of the probability.
    /// </summary>
    /// <param name="tokens">The likeliest first tokens. What has no probability, above 1 or none at all, is left out.</param>
    public static Verdict<double> Read(IEnumerable<TokenLogProb> tokens)
    {
        double m = 0, M = 0, anyM = 0, anyBigM = 0;
        foreach (TokenLogProb token in tokens)
        {
            if (!IsLogProb(token.LogProb)) continue;
            double p = Math.Exp(token.LogProb);
            if (token.Token == "m") m = p;
            else if (token.Token == "M") M = p;
            if (token.Token.Trim() == "m") anyM += p;
            else if (token.Token.Trim() == "M") anyBigM += p;
        }
        double? upstream = m + M > 0 ? 2 - (m / (m + M)) : null;
        double mass = anyM + anyBigM;
        double? own = mass >= LeastMass ? 2 - (anyM / mass) : null;
        // Sums of exponentials may differ in the last digit.
        if (own is { } o && upstream is { } u && Math.Abs(o - u) < 1e-9) own = upstream;
        return VerdictFlags.Judge(upstream, own, (mass is > 0 and < LeastMass, VerdictFlags.LittleMass));
    }

    /// <summary>Whether a number can be a log-probability; rounding may put it a little above 0.</summary>
    internal static bool IsLogProb(double value) => double.IsFinite(value) && value <= 0.01;
}
