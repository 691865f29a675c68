namespace Hone.Workflow.World;

/// <summary>
/// The vocabulary of the small world: the 256 byte characters of byte-level BPE, then every word that its grammar can
/// write, in each form it takes (<c>Ġrope</c> after a space, <c>Start</c> at the start of a text).
/// </summary>
internal static class WorldVocabulary
{
    /// <summary>The strings by id, without the special tokens.</summary>
    public static IReadOnlyList<string> Units { get; } = [.. ByteCharacters(), .. Words().Order(StringComparer.Ordinal)];

    private static IEnumerable<string> Words()
    {
        HashSet<string> units = [];
        // Slots stand after a space; " the" takes their place here, and what fills them follows.
        foreach (string[] atStart in new[] { Phrases.Greetings, Phrases.Requests, Phrases.PoliteOpenings, Phrases.RudeOpenings,
            Phrases.Sentences,
            Phrases.Glossary, Phrases.Lists, BaseGrammar.AllVerdictWords })
            Add(atStart, "");
        foreach (string[] within in new[] { Phrases.Requests, Phrases.Sentences, Phrases.PoliteClosings, Phrases.RudeClosings,
            Phrases.RequestAdjectives, Phrases.Kinds, Phrases.Persons, Phrases.RequestTimes, Phrases.Adjectives, Phrases.Times })
            Add(within, " ");
        Add(TopicFamily.All.Select(f => f.Title), "");
        foreach (TopicFamily family in TopicFamily.All) Add([.. family.RequestWords, .. family.Words], " ");
        // One-character units are byte characters already.
        return units.Where(u => u.Length > 1).Select(u => u.Replace(' ', 'Ġ'));

        void Add(IEnumerable<string> phrases, string before)
        {
            foreach (string phrase in phrases)
                units.UnionWith(WorldText.Units(before + System.Text.RegularExpressions.Regex.Replace(phrase, @"\{.\}", "the")));
        }
    }

    /// <summary>
    /// The 256 characters that stand for bytes in byte-level BPE, in GPT-2's order: printable Latin-1 as itself, the rest
    /// from U+0100 on.
    /// </summary>
    private static IEnumerable<string> ByteCharacters()
    {
        IEnumerable<int> printable =
            [.. Enumerable.Range('!', '~' - '!' + 1), .. Enumerable.Range(0xA1, 0xAC - 0xA1 + 1),
                .. Enumerable.Range(0xAE, 0xFF - 0xAE + 1)];
        int others = 256 - printable.Count();
        return printable.Concat(Enumerable.Range(256, others)).Select(c => ((char)c).ToString());
    }
}
