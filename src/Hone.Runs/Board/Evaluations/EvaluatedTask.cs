using System.Text.Json.Nodes;
using Hone.Evaluation;

namespace Hone.Runs;

/// <summary>A figure of a task.</summary>
/// <param name="Name"><c>acc,none</c> in the harness's files, <c>win_rate</c> and the like in others.</param>
/// <param name="Value">With its 95% interval, undefined where the file tells no error.</param>
/// <param name="StandardError">Null where the file tells none.</param>
/// <param name="IsShare">Whether it is shown in percent.</param>
internal sealed record EvaluationFigure(string Name, Interval Value, double? StandardError, bool IsShare);

/// <summary>What an evaluation found for a task, or for a group of tasks.</summary>
/// <param name="Parts">The tasks that a group sums up.</param>
/// <param name="Samples">The log of its items; null where there is none.</param>
internal sealed record EvaluatedTask(string Name, IReadOnlyList<EvaluationFigure> Figures, IReadOnlyList<string> Parts, string? Samples)
{
    // Keys of a figure's standard error, where it is not the figure's own with _stderr.
    private static readonly Dictionary<string, string> s_errors = new(StringComparer.Ordinal)
    {
        ["win_rate"] = "standard_error", ["length_controlled_winrate"] = "lc_standard_error",
    };

    private static readonly string[] s_noFigures =
        ["standard_error", "lc_standard_error", "lower", "upper", "style_controlled_lower", "style_controlled_upper", "lc_C", "avg_length"];

    /// <summary>The figures in a task's object of <c>results</c>.</summary>
    /// <param name="items">How many items they are means over; null where that is not known.</param>
    public static IReadOnlyList<EvaluationFigure> FiguresOf(JsonObject task, int? items)
    {
        List<EvaluationFigure> figures = [];
        foreach ((string name, JsonNode? node) in task)
        {
            if (Number(node) is { } value)
            {
                bool harness = name.Contains(',');
                if (s_noFigures.Contains(name) || name.StartsWith("n_", StringComparison.Ordinal) || IsError(name)) continue;
                double? error = Number(task[harness ? name.Replace(",", "_stderr,") : s_errors.GetValueOrDefault(name, $"{name}_stderr")]);
                bool share = value is >= 0 and <= 1 && (harness || name.StartsWith("pass@", StringComparison.Ordinal));
                string bounds = name == "score" ? "" : name.Replace("_score", "_");
                Interval known = Number(task[$"{bounds}lower"]) is { } low && Number(task[$"{bounds}upper"]) is { } high
                    ? new Interval(value, low, high) : IntervalOf(value, error, items);
                figures.Add(new EvaluationFigure(name, known, error, share));
            }
            else if (node is JsonObject inner)
            {
                // RewardBench: sections are numbers, subsets have intervals.
                foreach ((string part, JsonNode? of) in inner)
                    if (Number(of) is { } section && name == "sections")
                        figures.Add(new EvaluationFigure(part, Interval.Undefined(section), null, true));
                    else if (of is JsonObject subset && Number(subset["accuracy"]) is { } accuracy)
                        figures.Add(new EvaluationFigure(part, new Interval(accuracy, Number(subset["low"]) ?? accuracy,
                            Number(subset["high"]) ?? accuracy), null, true));
            }
        }
        return figures;
    }

    /// <summary>
    /// Wilson's interval where the error is that of right or wrong answers, which keeps a width at 0 and at 100%; else 1.96 standard
    /// errors to both sides.
    /// </summary>
    internal static Interval IntervalOf(double value, double? error, int? items)
    {
        if (error is not { } known) return Interval.Undefined(value);
        bool binary = items is > 1 and { } n && value is >= 0 and <= 1
            && Math.Abs((known * known * (n - 1)) - (value * (1 - value))) <= 1e-6;
        return binary ? Proportion.Wilson(value * items!.Value, items.Value)
            : known == 0 ? Interval.Undefined(value) : new Interval(value, value - (Proportion.Z * known), value + (Proportion.Z * known));
    }

    private static bool IsError(string name) => name.Split(',')[0].EndsWith("_stderr", StringComparison.Ordinal);

    private static double? Number(JsonNode? node) => node is JsonValue value && value.TryGetValue(out double number) ? number : null;
}
