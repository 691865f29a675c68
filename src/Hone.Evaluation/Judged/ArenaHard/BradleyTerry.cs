namespace Hone.Evaluation;

/// <summary>
/// Bradley-Terry strengths (Bradley and Terry 1952) by maximum likelihood: P(a beats b) = 1 / (1 + e^(b - a)). A tie is half a
/// win for each. Newton's method on the log-likelihood, the first player held at 0.
/// </summary>
internal static class BradleyTerry
{
    /// <param name="wins">wins[a, b]: how much a won against b, ties counted half.</param>
    /// <returns>Log-strengths; the first is 0.</returns>
    /// <exception cref="InputException">Someone won or lost everything, so that no finite strength exists.</exception>
    public static double[] Fit(double[,] wins) => TryFit(wins)
        ?? throw new InputException("a player won or lost every game: no finite Bradley-Terry strength exists");

    /// <summary>As <see cref="Fit"/>, or null where no finite strength exists.</summary>
    public static double[]? TryFit(double[,] wins)
    {
        int n = wins.GetLength(0);
        var strength = new double[n];
        for (int iteration = 0; iteration < 200; iteration++)
        {
            var gradient = new double[n];
            var hessian = new double[n, n];
            for (int a = 0; a < n; a++)
            {
                for (int b = 0; b < n; b++)
                {
                    double games = wins[a, b] + wins[b, a];
                    if (a == b || games == 0) continue;
                    double p = 1 / (1 + Math.Exp(strength[b] - strength[a]));
                    gradient[a] += wins[a, b] - (games * p);
                    hessian[a, a] += games * p * (1 - p);
                    hessian[a, b] -= games * p * (1 - p);
                }
            }
            double[] step = Solve(hessian, gradient);
            double most = 0;
            for (int i = 1; i < n; i++)
            {
                strength[i] += Math.Clamp(step[i], -2, 2);
                most = Math.Max(most, Math.Abs(step[i]));
            }
            if (strength.Any(s => Math.Abs(s) > 30)) return null;
            if (most < 1e-12) break;
        }
        return strength;
    }

    // Gaussian elimination without the first row and column, which is held fixed.
    private static double[] Solve(double[,] matrix, double[] right)
    {
        int n = right.Length;
        var m = (double[,])matrix.Clone();
        double[] x = [.. right];
        for (int i = 1; i < n; i++)
        {
            if (Math.Abs(m[i, i]) < 1e-12) m[i, i] = 1e-12;
            for (int r = i + 1; r < n; r++)
            {
                double f = m[r, i] / m[i, i];
                for (int c = i; c < n; c++) m[r, c] -= f * m[i, c];
                x[r] -= f * x[i];
            }
        }
        for (int i = n - 1; i >= 1; i--)
        {
            for (int c = i + 1; c < n; c++) x[i] -= m[i, c] * x[c];
            x[i] /= m[i, i];
        }
        return x;
    }
}
