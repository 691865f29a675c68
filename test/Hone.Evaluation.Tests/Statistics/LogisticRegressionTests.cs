namespace Hone.Evaluation.Tests;

public class LogisticRegressionTests
{
    private static readonly double[] s_temperature =
        [66, 70, 69, 68, 67, 72, 73, 70, 57, 63, 70, 78, 67, 53, 67, 75, 70, 81, 76, 79, 75, 76, 58];

    private static readonly double[] s_distress =
        [0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 1];

    /// <summary>Thermal distress of O-rings over temperature (Dalal, Fowlkes and Hoadley 1989): intercept 15.043, slope -0.2322.</summary>
    [Fact]
    public void Fit_equals_the_published_coefficients()
    {
        double[] weights = LogisticRegression.Fit(WithIntercept(s_temperature), s_distress, l2: 0);
        Assert.Equal(15.0429, weights[0], 4);
        Assert.Equal(-0.23216, weights[1], 5);
    }

    [Fact]
    public void Row_weights_equal_repeated_rows()
    {
        int[] counts = [.. s_temperature.Select((_, i) => i % 3)];
        double[] x = [.. s_temperature.SelectMany((t, i) => Enumerable.Repeat(t, counts[i]))];
        double[] y = [.. s_distress.SelectMany((p, i) => Enumerable.Repeat(p, counts[i]))];
        double[] repeated = LogisticRegression.Fit(WithIntercept(x), y, l2: 0.1);
        double[] weighted = LogisticRegression.Fit(WithIntercept(s_temperature), s_distress, l2: 0.1, counts);
        Assert.Equal(repeated[0], weighted[0], 8);
        Assert.Equal(repeated[1], weighted[1], 8);
    }

    [Fact]
    public void Soft_labels_equal_split_rows()
    {
        // A row labelled 0.25 is a quarter of a win and three quarters of a loss.
        double[] x = [-1, 0.5, 2, 3], soft = [0.25, 0.5, 0.25, 1];
        double[] split = [.. x.SelectMany(v => Enumerable.Repeat(v, 4))];
        double[] hard = [.. soft.SelectMany(p => Enumerable.Range(0, 4).Select(k => k < p * 4 ? 1.0 : 0.0))];
        double[] a = LogisticRegression.Fit(WithIntercept(x), soft, l2: 0.05);
        double[] b = LogisticRegression.Fit(WithIntercept(split), hard, l2: 0.2);
        Assert.Equal(b[0], a[0], 8);
        Assert.Equal(b[1], a[1], 8);
    }

    [Fact]
    public void Separable_labels_stay_finite_and_start_does_not_matter()
    {
        double[] x = [-2, -1, 1, 2], y = [0, 0, 1, 1];
        double[] fromZero = LogisticRegression.Fit(WithIntercept(x), y, l2: 0.01);
        double[] fromFar = LogisticRegression.Fit(WithIntercept(x), y, l2: 0.01, start: [40, -60]);
        Assert.All(fromZero, w => Assert.True(double.IsFinite(w)));
        Assert.Equal(fromZero[0], fromFar[0], 6);
        Assert.Equal(fromZero[1], fromFar[1], 6);
        // At the optimum the gradient is zero: sum (p - y) x + l2 w = 0.
        double gradient = x.Zip(y, (v, p) => (LogisticRegression.Sigmoid(fromZero[0] + fromZero[1] * v) - p) * v)
            .Sum() + 0.01 * fromZero[1];
        Assert.Equal(0, gradient, 8);
    }

    [Fact]
    public void A_column_of_zeros_gets_weight_zero()
    {
        double[] weights = LogisticRegression.Fit([1, 0, 1, 0, 1, 0, 1, 0], [1, 1, 1, 0], l2: 0);
        Assert.Equal(Math.Log(3), weights[0], 8);
        Assert.Equal(0, weights[1]);
    }

    [Fact]
    public void Sigmoid_does_not_overflow()
    {
        Assert.Equal(0, LogisticRegression.Sigmoid(-1000));
        Assert.Equal(1, LogisticRegression.Sigmoid(1000));
        Assert.Equal(0.5, LogisticRegression.Sigmoid(0));
    }

    private static double[] WithIntercept(double[] x) => [.. x.SelectMany(v => new[] { 1, v })];
}
