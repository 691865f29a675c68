using System.Globalization;
using System.Text.Json.Nodes;
using Hone.Data;

namespace Hone.Evaluation;

/// <param name="Weights">Of length, difficulty, and the model itself.</param>
internal sealed record LengthControlResult(double WinRate, double? StandardError, double C, IReadOnlyList<double> Weights);

/// <summary>
/// AlpacaEval's length-controlled win rate (Dubois et al. 2024, arXiv 2404.04475; <c>length_controlled_v1</c>): a logistic
/// model of the preference on the difference in length, the instruction's difficulty and the model, in which the length is
/// then set to none. Two gamed baselines, the judge's own model told to be verbose and concise, hold the length's weight in
/// place. Minimised exactly: |w|_1 + C sum s_i [log(1 + e^z_i) - p_i z_i]; liblinear stops at 1e-4.
/// </summary>
internal sealed class LengthControl
{
    private const double GamedWeight = 0.1;
    private const int Folds = 5;
    private readonly double[] _difficulty;
    private readonly Row[] _gamed;

    private readonly record struct Row(double X1, double X2, double X3, double P, double S);

    private LengthControl(double[] difficulty, Row[] gamed) => (_difficulty, _gamed) = (difficulty, gamed);

    /// <summary>
    /// Reads a folder with <c>instruction_difficulty*.csv</c> (index, instruction_difficulty) and either the official
    /// <c>df_gamed.csv</c>, or <c>gamed_baseline_lengths.csv</c> with <c>gamed_baseline_sufficient_stats.json</c>: two sums are
    /// all that the optimum needs of the gamed preferences.
    /// </summary>
    /// <exception cref="InputException">A file is missing or lacks a column.</exception>
    public static LengthControl Load(string folder)
    {
        string? official = Directory.EnumerateFiles(folder, "df_gamed*.csv").FirstOrDefault();
        if (official is not null) return FromOfficial(official);
        string difficulties = Directory.EnumerateFiles(folder, "instruction_difficulty*.csv").FirstOrDefault()
            ?? throw new InputException("there is neither df_gamed.csv nor instruction_difficulty*.csv", folder,
                "Length control needs one of them; without it the raw win rate is given.");
        double[] difficulty = [.. Columns(difficulties, "instruction_difficulty").Select(r => r[0])];
        (double X1, double X2)[] rows = [.. Columns(Path.Combine(folder, "gamed_baseline_lengths.csv"), "std_delta_len", "index")
            .Select(r => (Math.Tanh(r[0]), difficulty[(int)r[1]]))];
        JsonNode sums = JsonNode.Parse(SmallText.Read(Path.Combine(folder, "gamed_baseline_sufficient_stats.json")))!;
        double[] tilted = Tilt(rows, (double)sums["S_tanh_std_delta_len"]!, (double)sums["S_instruction_difficulty"]!);
        return new LengthControl(difficulty, [.. rows.Select((r, i) => new Row(r.X1, r.X2, 0, tilted[i], GamedWeight))]);
    }

    /// <summary>
    /// Fits one model's rows, null where lengths do not vary; the difficulty of a row is that of its position in the
    /// file, as published values have it.
    /// </summary>
    public LengthControlResult? Fit(IReadOnlyList<AlpacaAnnotation> annotations, double? c = null)
    {
        if (annotations.Count > _difficulty.Length)
            throw new InputException($"{annotations.Count} rows, and difficulties of {_difficulty.Length} instructions");
        double[] delta = [.. annotations.Select(a => (double)(a.BaselineLength - a.ModelLength))];
        double mean = delta.Average(), deviation = Math.Sqrt(delta.Sum(d => (d - mean) * (d - mean)) / (delta.Length - 1));
        // One row, or differences in length that are all the same: there is no scale to measure length on.
        if (!(deviation > 0)) return null;
        Row[] own = [.. annotations.Select((a, i) => (a, i)).Where(x => x.a.Preference is not null).Select(x =>
            new Row(Math.Tanh(delta[x.i] / deviation), _difficulty[x.i], 1, AlpacaEvalScore.Share(x.a.Preference!.Value), 1))];
        Row[] rows = [.. own, .. _gamed];
        double strength = c ?? CrossValidate(rows);
        double[] w = Minimise(rows, strength);
        double[] shares = [.. own.Select(r => 100 * Sigmoid((w[1] * r.X2) + w[2]))];
        return new LengthControlResult(shares.Average(), AlpacaEvalScore.StandardErrorOf(shares), strength, w);
    }

    private static LengthControl FromOfficial(string path)
    {
        double[][] rows = Columns(path, "index", "preference", "std_delta_len", "instruction_difficulty", "not_gamed_baseline");
        var difficulty = new double[(int)rows.Max(r => r[0]) + 1];
        foreach (double[] row in rows) difficulty[(int)row[0]] = row[3];
        return new LengthControl(difficulty,
            [.. rows.Where(r => r[4] == 0).Select(r => new Row(Math.Tanh(r[2]), r[3], 0, AlpacaEvalScore.Share(r[1]), GamedWeight))]);
    }

    /// <summary>The ten strengths of sklearn's LogisticRegressionCV, five folds by row; the best mean log-loss wins.</summary>
    private static double CrossValidate(Row[] rows)
    {
        double best = double.NegativeInfinity, chosen = 1;
        foreach (double c in Enumerable.Range(0, 10).Select(i => Math.Pow(10, -4 + (8.0 * i / 9))))
        {
            double score = 0;
            for (int fold = 0; fold < Folds; fold++)
            {
                // GroupKFold deals equal groups from the last to the first.
                int Fold(int i) => (rows.Length - 1 - i) % Folds;
                double[] w = Minimise([.. rows.Where((_, i) => Fold(i) != fold)], c);
                Row[] held = [.. rows.Where((_, i) => Fold(i) == fold)];
                score -= held.Average(r => r.S * Loss(r, w));
            }
            if (score > best) (best, chosen) = (score, c);
        }
        return chosen;
    }

    /// <summary>
    /// Newton's method with the penalty's kinks (proximal Newton: Lee, Sun and Saunders 2014, arXiv 1206.1623): the loss becomes a
    /// parabola in the three weights, of which the penalised minimum is taken; steps are halved until the objective falls. The
    /// problem is convex.
    /// </summary>
    private static double[] Minimise(Row[] rows, double c)
    {
        double[] w = new double[3], tried = new double[3], gradient = new double[3];
        double[,] curvature = new double[3, 3];
        double now = Objective(rows, c, w);
        for (int step = 0; step < 100; step++)
        {
            Expand(rows, c, w, gradient, curvature);
            double[] aim = PenalisedMinimum(w, gradient, curvature);
            double before = now;
            for (double scale = 1; scale > 1e-9; scale /= 2)
            {
                for (int j = 0; j < 3; j++) tried[j] = w[j] + (scale * (aim[j] - w[j]));
                double then = Objective(rows, c, tried);
                if (!(then <= now)) continue;
                (w, tried, now) = (tried, w, then);
                break;
            }
            if (before - now <= 1e-12 * Math.Max(1, Math.Abs(now))) break;
        }
        return w;
    }

    private static double Objective(Row[] rows, double c, double[] w)
    {
        double loss = 0;
        foreach (ref readonly Row r in rows.AsSpan()) loss += r.S * Loss(r, w);
        return Math.Abs(w[0]) + Math.Abs(w[1]) + Math.Abs(w[2]) + (c * loss);
    }

    /// <summary>First and second derivatives of the loss, the penalty left out.</summary>
    private static void Expand(Row[] rows, double c, double[] w, double[] gradient, double[,] curvature)
    {
        Array.Clear(gradient);
        Array.Clear(curvature);
        Span<double> x = stackalloc double[3];
        foreach (ref readonly Row r in rows.AsSpan())
        {
            (x[0], x[1], x[2]) = (r.X1, r.X2, r.X3);
            double p = Sigmoid(Z(r, w)), slope = c * r.S * (p - r.P), bend = c * r.S * p * (1 - p);
            for (int j = 0; j < 3; j++)
            {
                gradient[j] += slope * x[j];
                for (int k = 0; k < 3; k++) curvature[j, k] += bend * x[j] * x[k];
            }
        }
    }

    /// <summary>Where the parabola at w and |v|_1 together are least, coordinate by coordinate.</summary>
    private static double[] PenalisedMinimum(double[] w, double[] gradient, double[,] curvature)
    {
        double[] v = [.. w];
        double moved = double.PositiveInfinity;
        for (int sweep = 0; sweep < 10_000 && moved > 1e-15; sweep++)
        {
            moved = 0;
            for (int j = 0; j < 3; j++)
            {
                double slope = gradient[j], bend = curvature[j, j] + 1e-12, old = v[j];
                for (int k = 0; k < 3; k++) slope += curvature[j, k] * (v[k] - w[k]);
                double target = old - (slope / bend);
                v[j] = Math.Sign(target) * Math.Max(0, Math.Abs(target) - (1 / bend));
                moved = Math.Max(moved, Math.Abs(v[j] - old));
            }
        }
        return v;
    }

    /// <summary>
    /// Preferences of the gamed rows that have the two known sums: sigmoid(a x1 + b x2), the least informative ones (maximum
    /// entropy), found by Newton's method. The optimum for given C depends on the sums alone.
    /// </summary>
    private static double[] Tilt((double X1, double X2)[] rows, double sum1, double sum2)
    {
        double a = 0, b = 0;
        for (int i = 0; i < 100; i++)
        {
            double g1 = -sum1, g2 = -sum2, h11 = 0, h12 = 0, h22 = 0;
            foreach ((double x1, double x2) in rows)
            {
                double p = Sigmoid((a * x1) + (b * x2)), v = p * (1 - p);
                (g1, g2) = (g1 + (p * x1), g2 + (p * x2));
                (h11, h12, h22) = (h11 + (v * x1 * x1), h12 + (v * x1 * x2), h22 + (v * x2 * x2));
            }
            double det = (h11 * h22) - (h12 * h12);
            (double da, double db) = (((h22 * g1) - (h12 * g2)) / det, ((h11 * g2) - (h12 * g1)) / det);
            (a, b) = (a - da, b - db);
            if (Math.Abs(da) + Math.Abs(db) < 1e-12) break;
        }
        return [.. rows.Select(r => Sigmoid((a * r.X1) + (b * r.X2)))];
    }

    private static double Z(in Row r, double[] w) => (w[0] * r.X1) + (w[1] * r.X2) + (w[2] * r.X3);

    private static double Loss(in Row r, double[] w)
    {
        double z = Z(r, w);
        return (z > 0 ? z + Math.Log(1 + Math.Exp(-z)) : Math.Log(1 + Math.Exp(z))) - (r.P * z);
    }

    private static double Sigmoid(double z) => 1 / (1 + Math.Exp(-z));

    private static double[][] Columns(string path, params string[] names)
    {
        string[][] rows = [.. CsvRecords.Read(path).Select(r => r.Cells)];
        if (rows.Length == 0) throw new InputException("the file has no rows", path);
        int[] at = [.. names.Select(n => Array.IndexOf(rows[0], n) is >= 0 and int i ? i
            : throw new InputException($"there is no column `{n}`; there are {string.Join(", ", rows[0])}", path))];
        return [.. rows.Skip(1).Select(r => at.Select(i => double.Parse(r[i] switch { "True" => "1", "False" => "0", string v => v },
            CultureInfo.InvariantCulture)).ToArray())];
    }
}
