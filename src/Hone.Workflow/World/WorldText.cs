namespace Hone.Workflow.World;

/// <summary>How the world's text falls into units: a run of letters with the one space before it, or one mark.</summary>
internal static class WorldText
{
    /// <summary>
    /// The units of <paramref name="text"/>, which joined give it back. On text of the world they are those of
    /// Llama-3's split pattern, and each is one token of <see cref="WorldTokenizer"/>.
    /// </summary>
    public static List<string> Units(string text)
    {
        List<string> units = [];
        for (int at = 0; at < text.Length;)
        {
            int end = at + 1;
            if (text[at] == ' ' && end < text.Length && char.IsLetter(text[end])) end++;
            if (char.IsLetter(text[end - 1]))
                while (end < text.Length && char.IsLetter(text[end])) end++;
            units.Add(text[at..end]);
            at = end;
        }
        return units;
    }

    /// <summary>Number of units that are not blank: the length that the judge counts, in tokens.</summary>
    public static int Length(string text) => Units(text).Count(u => !string.IsNullOrWhiteSpace(u));
}
