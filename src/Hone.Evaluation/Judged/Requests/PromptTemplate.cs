using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// A judge's prompt with places such as <c>{answer_1}</c>. All places are filled in one pass: a place's name inside of an
/// answer stays the text it is. Braces around anything else are text, too.
/// </summary>
internal sealed partial class PromptTemplate(string text)
{
    public string Text { get; } = text;

    /// <exception cref="InputException">A place is left without a value.</exception>
    public string Fill(IReadOnlyDictionary<string, string> values) => Place()
        .Replace(Text, place => values.TryGetValue(place.Groups[1].Value, out string? value)
        ? value
        : throw new InputException($"the judge's prompt has a place {place.Value} that has no value",
            fix: $"Known are {string.Join(", ", values.Keys)}."));

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z_0-9]*)\}")]
    private static partial Regex Place();
}
