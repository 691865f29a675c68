namespace Hone.Inference.Constraints;

/// <summary>Formats of strings that a grammar can keep (JSON Schema 2020-12, Validation, section 7.3).</summary>
internal static class StringFormats
{
    // The 29th to the 31st are left to months that always have them: a subset of what the formats allow.
    private const string Date = "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
        + "|02-(0[1-9]|1[0-9]|2[0-8]))",
        Time = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])",
        Octet = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";

    private static readonly Dictionary<string, string> s_patterns = new()
    {
        ["date"] = Date,
        ["time"] = Time,
        ["date-time"] = $"{Date}T{Time}",
        ["uuid"] = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        ["ipv4"] = $"({Octet}\\.){{3}}{Octet}",
    };

    /// <exception cref="InputException">It is another format.</exception>
    public static Part Of(string format, string at) => s_patterns.TryGetValue(format, out string? pattern)
        ? RegexParser.Parse(pattern, Parts.Chars, finds: false)
        : throw new InputException($"`format: {format}` is not supported in the schema of an answer", at,
            $"Supported are {string.Join(", ", s_patterns.Keys)}; write others as a `pattern`, or leave it out.");
}
