using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>A judged pair of AlpacaEval: the baseline's answer (output_1) against a model's (output_2).</summary>
/// <param name="Preference">
/// From 1 (the baseline's) to 2 (the model's); 0 and 1.5 are draws; null where the judge gave nothing usable.
/// </param>
/// <param name="BaselineLength">In Unicode code points, as Python counts.</param>
/// <param name="Model">The generator of output_2.</param>
internal sealed record AlpacaAnnotation(string Model, double? Preference, int BaselineLength, int ModelLength)
{
    /// <summary>
    /// The preference as Hone reads the judge's first token; null where that is none, or where the file does not hold
    /// it.
    /// </summary>
    public double? OwnPreference { get; init; }

    /// <summary>Whether the file holds Hone's reading.</summary>
    public bool HasOwn { get; init; }

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
            if (!row.ContainsKey("preference")) throw new InputException($"row {rows.Count + 1} has no `preference`; it has "
                + $"{string.Join(", ", row.Select(p => $"`{p.Key}`"))}", path, "Give annotations of alpaca_eval.");
            rows.Add(new AlpacaAnnotation((string?)row["generator_2"] ?? "",
                Usable(row["preference"]),
                Length(row, 1, path), Length(row, 2, path))
            {
                OwnPreference = Usable(row["own_preference"]),
                HasOwn = row.ContainsKey("own_preference"),
            });
        }
        return rows.Count > 0 ? rows : throw new InputException("the file has no rows", path);
    }

    /// <summary>The preference that the judge's first token speaks for, in the order of the file and not of what was shown.</summary>
    internal static Verdict<double> FromFirstToken(IEnumerable<TokenLogProb> tokens, bool switched)
    {
        Verdict<double> shown = TokenVerdict.Read(tokens);
        return switched ? shown with { Upstream = 3 - shown.Upstream, Own = 3 - shown.Own } : shown;
    }

    /// <summary>Whether the judge was shown the model's answer first: drawn by CPython's generator from the instruction itself.</summary>
    public static bool IsSwitched(string instruction) => new PythonRandom($"is_switched_outputs{instruction}0").Choice([false, true]);

    // 0 is alpaca_eval's older way to write a draw. Anything else outside of 1 to 2 is no preference.
    private static double? Usable(JsonNode? node) =>
        node is JsonValue value && value.TryGetValue(out double number) && number is 0 or (>= 1 and <= 2) ? number : null;

    private static int Length(JsonObject row, int side, string path) => row[$"len_output_{side}"] is JsonValue length
        && length.TryGetValue(out int known)
        ? known
        : row[$"output_{side}"] is JsonValue text && text.TryGetValue(out string? output) ? output.EnumerateRunes().Count()
        : throw new InputException($"a row has neither `output_{side}` nor `len_output_{side}`", path);
}
