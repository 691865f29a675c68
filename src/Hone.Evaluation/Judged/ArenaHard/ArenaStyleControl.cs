namespace Hone.Evaluation;

/// <summary>
/// Style control of 2024: Bradley-Terry with four more terms, the differences in length and Markdown, each brought to mean 0 and
/// deviation 1 over the pool. Every battle counts twice (a tie is then a win for each), base 10, ridge penalty |w|^2 / 2 as
/// scikit-learn's default has it. The score is that of an answer of the baseline's style.
/// </summary>
internal sealed class ArenaStyleControl
{
    private const int Terms = 4;
    private readonly double[] _features, _labels;
    private readonly int _models;
    private double[]? _start;

    public ArenaStyleControl(IReadOnlyList<ArenaBattle> battles, string[] models, Func<string, string, ArenaStyle> styles)
    {
        _models = models.Length;
        int n = battles.Count, d = _models + Terms;
        (_features, _labels) = (new double[n * d], [.. battles.Select(b => b.ShareA)]);
        var index = models.Index().ToDictionary(m => m.Item, m => m.Index);
        double[][] style = [.. battles.Select(b => ArenaStyle.Difference(styles(b.A, b.QuestionId), styles(b.B, b.QuestionId)))];
        for (int i = 0; i < n; i++)
        {
            _features[(i * d) + index[battles[i].A]] = Math.Log(10);
            _features[(i * d) + index[battles[i].B]] = -Math.Log(10);
        }
        for (int t = 0; t < Terms; t++)
        {
            double mean = style.Average(s => s[t]), deviation = Math.Sqrt(style.Average(s => (s[t] - mean) * (s[t] - mean)));
            // A term that is the same everywhere says nothing: it is left out.
            for (int i = 0; i < n; i++) _features[(i * d) + _models + t] = deviation > 0 ? (style[i][t] - mean) / deviation : 0;
        }
    }

    /// <summary>Chance of every model to beat the first at equal style, in percent. [models]</summary>
    /// <param name="times">How often each battle counts; null for once.</param>
    public double[] Scores(int[]? times)
    {
        double[] w = LogisticRegression.Fit(_features, _labels, 1, [.. times?.Select(t => 2 * t) ?? Enumerable.Repeat(2, _labels.Length)],
            _start);
        _start ??= w;
        return [.. w.Take(_models).Select(s => 100 * LogisticRegression.Sigmoid(Math.Log(10) * (s - w[0])))];
    }
}
