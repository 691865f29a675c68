namespace Hone.Inference.Constraints;

/// <summary>Names of properties other than some: strings without escapes, by a tree of the names' characters.</summary>
internal static class OtherNames
{
    private const int LongestName = 200;
    private static readonly CharSet s_plain = new CharSet((0, 0x1F), ('"', '"'), ('\\', '\\')).Not();

    /// <exception cref="InputException">A name is too long.</exception>
    public static Part Than(IReadOnlyCollection<string> names) => names.FirstOrDefault(n => n.Length > LongestName) is { } name
        ? throw new InputException($"beside `additionalProperties` a name may have {LongestName} characters", name[..40], "Shorten it.")
        : JsonGrammar.Quoted(Rest([.. names.Distinct()], 0));

    /// <summary>What may follow the first characters, which all names have in common.</summary>
    private static Part Rest(IReadOnlyList<string> names, int at)
    {
        Part free = Parts.Repeat(Parts.Chars(s_plain), 0, null);
        if (names.Count == 0) return free;
        List<Part> ways = [];
        if (!names.Any(n => n.Length == at)) ways.Add(Parts.Nothing);
        var next = new CharSet();
        foreach (IGrouping<int, string> same in names.Where(n => n.Length > at).GroupBy(n => Character(n, at)))
        {
            var character = new CharSet((same.Key, same.Key));
            next = next.Or(character);
            if (s_plain.Has(same.Key))
                ways.Add(Parts.Sequence(Parts.Chars(character), Rest([.. same], at + new System.Text.Rune(same.Key).Utf16SequenceLength)));
        }
        ways.Add(Parts.Sequence(Parts.Chars(s_plain.Without(next)), free));
        return Parts.Choice(ways);
    }

    private static int Character(string name, int at) =>
        System.Text.Rune.TryGetRuneAt(name, at, out System.Text.Rune rune) ? rune.Value : 0xFFFD;
}
