using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>A judged pair of AlpacaEval: the baseline's answer (output_1) against a model's (output_2).</summary>
/// <param name="Preference">From 1 (the baseline's) to 2 (the model's); 0 and 1.5 are draws; null where the judge gave nothing usable.</param>
/// <param name="BaselineLength">In Unicode code points, as Python counts.</param>
/// <param name="Model">The generator of output_2.</param>
public sealed record AlpacaAnnotation(string Model, double? Preference, int BaselineLength, int ModelLength)
{
    /// <summary>
    /// Annotations of alpaca_eval (<c>annotations.json</c>), or the same rows as JSONL, where lengths may stand in the place of
    /// texts. The order of the file is kept: length control reads difficulties by position.
    /// </summary>
    /// <exception cref="InputException">A row lacks a preference column, or texts and lengths.</exception>
    public static IReadOnlyList<AlpacaAnnotation> Read(string path)
    {
        List<AlpacaAnnotation> rows = [];
        foreach (JsonObject row in QuestionFile.Read(path))
        {
            if (!row.ContainsKey("preference")) throw new InputException($"row {rows.Count + 1} has no `preference`; it has {string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path, "Give annotations of alpaca_eval.");
            rows.Add(new AlpacaAnnotation((string?)row["generator_2"] ?? "", row["preference"] is JsonValue p && p.TryGetValue(out double preference) && !double.IsNaN(preference) ? preference : null,
                Length(row, 1, path), Length(row, 2, path)));
        }
        return rows.Count > 0 ? rows : throw new InputException("the file has no rows", path);
    }

    /// <summary>
    /// The preference that the judge's first token speaks for: p = P("m") / (P("m") + P("M")) over its likeliest tokens, where
    /// "m" is the answer shown first; the preference for the second is 2 - p. Where the answers were shown in the other order,
    /// 3 minus it. Null where neither token is among them.
    /// </summary>
    public static double? FromFirstToken(IEnumerable<TokenLogProb> tokens, bool switched)
    {
        double m = 0, M = 0;
        foreach (TokenLogProb token in tokens)
        {
            if (token.Token == "m") m = Math.Exp(token.LogProb);
            else if (token.Token == "M") M = Math.Exp(token.LogProb);
        }
        if (m + M == 0) return null;
        double preference = 2 - (m / (m + M));
        return switched ? 3 - preference : preference;
    }

    /// <summary>Whether the judge was shown the model's answer first: drawn by CPython's generator from the instruction itself.</summary>
    public static bool IsSwitched(string instruction) => new PythonRandom($"is_switched_outputs{instruction}0").Choice([false, true]);

    private static int Length(JsonObject row, int side, string path) => row[$"len_output_{side}"] is JsonValue length && length.TryGetValue(out int known)
        ? known
        : row[$"output_{side}"] is JsonValue text && text.TryGetValue(out string? output) ? output.EnumerateRunes().Count()
        : throw new InputException($"a row has neither `output_{side}` nor `len_output_{side}`", path);
}
