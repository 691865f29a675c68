namespace Hone.Workflow.World;

/// <summary>One sentence of advice: a phrase with two things of a topic, each with or without an adjective.</summary>
internal sealed record Advice(string Phrase, string First, string Second, string? FirstAdjective, string? SecondAdjective, string Time)
{
    public string Text => Phrase
        .Replace("{n}", FirstAdjective is null ? First : $"{FirstAdjective} {First}", StringComparison.Ordinal)
        .Replace("{m}", SecondAdjective is null ? Second : $"{SecondAdjective} {Second}", StringComparison.Ordinal)
        .Replace("{t}", Time, StringComparison.Ordinal);
}

/// <summary>
/// An answer before it is written out, so that one feature can be changed and everything else kept.
/// <paramref name="CutUnits"/> units are missing at the end (0: whole).
/// </summary>
internal sealed record AnswerPlan(string? Opening, IReadOnlyList<Advice> Body, string? Closing, int CutUnits)
{
    public string Text
    {
        get
        {
            List<string> sentences = [.. Body.Select(s => s.Text)];
            if (Opening is not null) sentences.Insert(0, Opening);
            if (Closing is not null) sentences.Add(Closing);
            string text = string.Join(' ', sentences);
            if (CutUnits == 0) return text;
            List<string> units = WorldText.Units(text);
            return string.Concat(units[..^CutUnits]);
        }
    }
}
