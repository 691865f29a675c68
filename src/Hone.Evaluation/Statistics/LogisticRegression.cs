namespace Hone.Evaluation;

/// <summary>
/// Logistic regression with soft labels, by Newton's method (iteratively reweighted least squares). Minimises
/// sum_i c_i [log(1 + exp(z_i)) - p_i z_i] + l2/2 |w|^2 with z_i = w . x_i; there is no intercept unless a column of ones is given.
/// </summary>
internal static class LogisticRegression
{
    private const int MaxIterations = 100;

    /// <summary>Fits the weights [d].</summary>
    /// <param name="features">Row-major [n, d].</param>
    /// <param name="labels">Probabilities in 0..1. [n]</param>
    /// <param name="l2">Ridge penalty; above 0 it keeps the optimum finite where the labels can be separated.</param>
    /// <param name="rowWeights">Weight of each row, for example how often it was drawn; all 1 when null. [n]</param>
    /// <param name="start">Where to start; zero when null. [d]</param>
    /// <exception cref="ArgumentException">Shapes do not fit.</exception>
    public static double[] Fit(
        ReadOnlySpan<double> features, ReadOnlySpan<double> labels, double l2, int[]? rowWeights = null, double[]? start = null)
    {
        int n = labels.Length;
        if (n == 0 || features.Length % n != 0) throw new ArgumentException("Features must be [n, d] for n labels.", nameof(features));
        int d = features.Length / n;
        double[] weights = start is null ? new double[d] : [.. start];
        double[] gradient = new double[d], hessian = new double[d * d], step = new double[d], tried = new double[d];

        double loss = Evaluate(features, labels, l2, rowWeights, weights, gradient, hessian);
        for (int iteration = 0; iteration < MaxIterations; iteration++)
        {
            SolveSymmetric(hessian, gradient, step);
            double decrement = Dot(gradient, step);
            if (decrement <= 1e-12 * (1 + Math.Abs(loss)))
            {
                // Convergence is quadratic here, below what a comparison of losses can resolve: this step is the last.
                for (int j = 0; j < d; j++) weights[j] -= step[j];
                break;
            }

            // The loss is convex: halving the step until it falls makes Newton's method safe far from the optimum.
            double scale = 1, triedLoss;
            do
            {
                for (int j = 0; j < d; j++) tried[j] = weights[j] - scale * step[j];
                triedLoss = Evaluate(features, labels, l2, rowWeights, tried, gradient, hessian);
                scale /= 2;
            }
            while (triedLoss > loss && scale > 1e-9);
            if (triedLoss > loss) break;
            (weights, tried) = (tried, weights);
            loss = triedLoss;
        }
        return weights;
    }

    /// <summary>1 / (1 + exp(-z)), without overflow on either side.</summary>
    public static double Sigmoid(double z)
    {
        if (z >= 0) return 1 / (1 + Math.Exp(-z));
        double e = Math.Exp(z);
        return e / (1 + e);
    }

    private static double Evaluate(
        ReadOnlySpan<double> features, ReadOnlySpan<double> labels, double l2, int[]? rowWeights,
        double[] weights, double[] gradient, double[] hessian)
    {
        int d = weights.Length;
        Array.Clear(gradient);
        Array.Clear(hessian);
        double loss = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            double count = rowWeights?[i] ?? 1;
            if (count == 0) continue;
            ReadOnlySpan<double> x = features.Slice(i * d, d);
            double z = Dot(weights, x);
            double p = Sigmoid(z);
            loss += count * (Math.Max(z, 0) + Math.Log(1 + Math.Exp(-Math.Abs(z))) - labels[i] * z);
            double residual = count * (p - labels[i]), curvature = count * p * (1 - p);
            for (int j = 0; j < d; j++)
            {
                gradient[j] += residual * x[j];
                for (int k = 0; k <= j; k++) hessian[j * d + k] += curvature * x[j] * x[k];
            }
        }
        for (int j = 0; j < d; j++)
        {
            loss += l2 / 2 * weights[j] * weights[j];
            gradient[j] += l2 * weights[j];
            hessian[j * d + j] += l2;
        }
        return loss;
    }

    /// <summary>Cholesky solve of the lower triangle [d, d], in place. A direction without curvature gets no step.</summary>
    private static void SolveSymmetric(double[] a, double[] b, double[] x)
    {
        int d = b.Length;
        double largest = 0;
        for (int j = 0; j < d; j++) largest = Math.Max(largest, a[j * d + j]);
        for (int j = 0; j < d; j++)
        {
            for (int k = 0; k < j; k++) a[j * d + j] -= a[j * d + k] * a[j * d + k];
            bool flat = !(a[j * d + j] > 1e-14 * largest);
            double pivot = a[j * d + j] = flat ? double.PositiveInfinity : Math.Sqrt(a[j * d + j]);
            for (int i = j + 1; i < d; i++)
            {
                for (int k = 0; k < j; k++) a[i * d + j] -= a[i * d + k] * a[j * d + k];
                a[i * d + j] = flat ? 0 : a[i * d + j] / pivot;
            }
        }
        for (int j = 0; j < d; j++)
        {
            x[j] = b[j];
            for (int k = 0; k < j; k++) x[j] -= a[j * d + k] * x[k];
            x[j] /= a[j * d + j];
        }
        for (int j = d - 1; j >= 0; j--)
        {
            for (int k = j + 1; k < d; k++) x[j] -= a[k * d + j] * x[k];
            x[j] /= a[j * d + j];
        }
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (int j = 0; j < a.Length; j++) sum += a[j] * b[j];
        return sum;
    }
}
