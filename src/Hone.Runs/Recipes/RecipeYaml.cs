using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hone.Runs.Recipes;

/// <summary>
/// Reads YAML into <see cref="RecipeNode"/>s. A recipe needs maps, lists and scalars only: anchors, aliases, tags and
/// several documents are refused, as are deep nesting and large files, so no file can expand or recurse without bound.
/// </summary>
internal static class RecipeYaml
{
    internal const int MaxCharacters = 1 << 20;
    private const int MaxDepth = 12;

    /// <summary>Reads one document; <paramref name="place"/> turns a position in the text into the origin of the value there.</summary>
    internal static RecipeNode Parse(string text, Func<Mark, Origin> place)
    {
        if (text.Length > MaxCharacters)
            throw new InputException($"the file has {text.Length:N0} characters; a recipe has at most {MaxCharacters:N0}",
                place(Mark.Empty).Text);
        if (text.IndexOf('\0', StringComparison.Ordinal) is >= 0 and int zero)
            throw new InputException($"character {zero} is NUL: this is no YAML text", place(Mark.Empty).Text);
        Parser parser = new(new Scanner(new StringReader(text), skipComments: true));
        try
        {
            parser.Consume<StreamStart>();
            if (parser.TryConsume<StreamEnd>(out _)) return new MapNode([], place(Mark.Empty));
            parser.Consume<DocumentStart>();
            RecipeNode root = Read(parser, place, depth: 0);
            parser.Consume<DocumentEnd>();
            if (!parser.Accept<StreamEnd>(out StreamEnd? _) && parser.Current is { } more)
                throw new InputException("a second YAML document begins here", place(more.Start).Where, "Keep one recipe per file.");
            return root;
        }
        catch (YamlException e)
        {
            throw new InputException($"not valid YAML: {e.Message}", place(e.Start).Where, inner: e);
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // YamlDotNet's scanner fails so on some malformed texts, for instance a broken multi-line plain value.
            throw new InputException("not valid YAML near here", place(parser.Current?.End ?? Mark.Empty).Where, inner: e);
        }
    }

    private static RecipeNode Read(Parser parser, Func<Mark, Origin> place, int depth)
    {
        ParsingEvent at = parser.Consume<ParsingEvent>();
        Origin origin = place(at.Start);
        if (depth > MaxDepth) throw new InputException($"nested deeper than {MaxDepth} levels", origin.Where);
        if (at is AnchorAlias || at is NodeEvent { Anchor.IsEmpty: false })
            throw new InputException("anchors and aliases (& and *) are not part of a recipe", origin.Where,
                "Write the value out, or quote a text that begins with & or *.");
        if (at is NodeEvent { Tag: { IsEmpty: false, IsNonSpecific: false } tag })
            throw new InputException($"the tag {tag} is not part of a recipe", origin.Where,
                "Remove it, or quote a text that begins with !.");
        switch (at)
        {
            case Scalar scalar:
                bool isNull = scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null";
                return new ScalarNode(isNull ? null : scalar.Value, origin);
            case SequenceStart:
                List<RecipeNode> items = [];
                while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(Read(parser, place, depth + 1));
                return new ListNode(items, origin);
            case MappingStart:
                return ReadMap(parser, place, depth, origin);
            default:
                throw new InputException($"unexpected {at.GetType().Name}", origin.Where);
        }
    }

    private static MapNode ReadMap(Parser parser, Func<Mark, Origin> place, int depth, Origin origin)
    {
        List<MapEntry> entries = [];
        Dictionary<string, Origin> seen = [];
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            RecipeNode key = Read(parser, place, depth + 1);
            if (key is not ScalarNode { Text: { } name })
                throw new InputException($"a key must be a word, not {key.Kind}", key.Origin.Where);
            if (!seen.TryAdd(name, key.Origin))
                throw new InputException($"the key '{name}' is given twice; first at line {seen[name].Line}", key.Origin.Where,
                    "Remove one of them.");
            entries.Add(new MapEntry(name, key.Origin, Read(parser, place, depth + 1)));
        }
        return new MapNode(entries, origin);
    }
}
