using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// Figures of the same answers judged several times: judges differ from run to run even at temperature 0 (0.16 to 0.2 points
/// of MT-Bench were reported).
/// </summary>
internal static class RepeatSpread
{
    /// <summary>For each figure that is a number in all repeats: mean, sd (sample), min, max and n.</summary>
    /// <param name="repeats">One object of figures per repeat, all of one model.</param>
    public static JsonObject Of(IReadOnlyList<JsonObject> repeats)
    {
        var spread = new JsonObject();
        if (repeats.Count == 0) return spread;
        foreach (string name in repeats[0].Select(f => f.Key))
        {
            double[] values = [.. repeats.Select(r => r[name] is JsonValue v && v.TryGetValue(out double d) ? d : double.NaN)];
            if (values.Any(double.IsNaN)) continue;
            double mean = values.Average();
            spread[name] = new JsonObject
            {
                ["mean"] = mean,
                ["sd"] = values.Length > 1 ? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1)) : null,
                ["min"] = values.Min(),
                ["max"] = values.Max(),
                ["n"] = values.Length,
            };
        }
        return spread;
    }
}
