using System.Text;
using Hone.Text;

namespace Hone.Runs.Recipes;

/// <summary>A recipe with every value settled, and where each came from.</summary>
public sealed class ResolvedRecipe
{
    private ResolvedRecipe(Recipe value, MapNode tree)
    {
        Value = value;
        Tree = tree;
    }

    public Recipe Value { get; }

    /// <summary>The complete tree of values as written.</summary>
    internal MapNode Tree { get; }

    /// <summary>Reads a recipe file and lays the overrides over it, in order.</summary>
    public static ResolvedRecipe Load(string path, params IReadOnlyList<RecipeOverride> overrides)
    {
        FileInfo file = new(path);
        if (!file.Exists)
            throw new InputException("there is no such recipe", path,
                Directory.Exists(path) ? "This is a folder; give the file." : "hone recipe init writes one to start from.");
        if (file.Length > RecipeYaml.MaxCharacters) throw new InputException($"{file.Length:N0} bytes are too many for a recipe", path);
        string text;
        try
        {
            using FileStream opened = RegularFile.Open(path);
            byte[] bytes = new byte[opened.Length];
            opened.ReadExactly(bytes);
            if (RegularFile.IsUtf16(bytes)) throw RegularFile.Utf16(path);
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).TrimStart('\ufeff');
        }
        catch (DecoderFallbackException e)
        {
            throw new InputException($"byte {e.Index} is not UTF-8", path, "Save the file as UTF-8.", e);
        }
        return Parse(text, path, overrides);
    }

    /// <summary>Reads a recipe from text; <paramref name="path"/> names it in messages, and relative paths count from its folder.</summary>
    public static ResolvedRecipe Parse(string text, string path, params IReadOnlyList<RecipeOverride> overrides)
    {
        RecipeNode written = RecipeYaml.Parse(text,
            mark => new Origin(OriginKind.File, path, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column)));
        RecipeNode tree = RecipeMerge.Merge(typeof(Recipe), RecipeMerge.Defaults(new Recipe()), written, path: "");
        foreach (RecipeOverride change in overrides) tree = RecipeMerge.Apply(tree, change);
        string working = Directory.GetCurrentDirectory();
        string folder = Path.GetDirectoryName(Path.GetFullPath(path, working)) ?? working;
        Recipe value = (Recipe)new RecipeBinder(folder, working).Bind(typeof(Recipe), (MapNode)tree);
        ResolvedRecipe resolved = new(value, (MapNode)tree);
        RecipeChecks.Consistency(resolved);
        return resolved;
    }

    /// <summary>Every value's text and origin, by dotted path as in <see cref="RecipeText.Flatten(object, string)"/>.</summary>
    public IReadOnlyDictionary<string, (string Value, string Origin)> Record() =>
        RecipeText.Flatten(Value).ToDictionary(v => v.Key, v => (v.Value, OriginOf(v.Key).ToString()));

    /// <summary>
    /// The same recipe, with the recorded origin for each value that was read from a file and is as it was recorded: a
    /// run's own recipe.yaml, read back, tells what the first recipe told.
    /// </summary>
    public ResolvedRecipe WithRecorded(IReadOnlyDictionary<string, (string Value, string Origin)> record)
    {
        Dictionary<string, string> values = RecipeText.Flatten(Value).ToDictionary();
        return new ResolvedRecipe(Value, (MapNode)Restore(Tree, ""));

        RecipeNode Restore(RecipeNode node, string path) => node switch
        {
            MapNode map => map with
            {
                Entries =
                [.. map.Entries.Select(e => e with { Value = Restore(e.Value, path.Length == 0 ? e.Key : $"{path}.{e.Key}") })]
            },
            ListNode list => list with
            {
                Items = [.. list.Items.Select((item, i) => Restore(item, $"{path}.{i}"))],
                Origin = Recorded(list.Origin, $"{path}.count")
            },
            _ => node with { Origin = Recorded(node.Origin, path) },
        };

        Origin Recorded(Origin origin, string key) => origin.Kind == OriginKind.File && record.TryGetValue(key, out var recorded)
            && values.GetValueOrDefault(key) == recorded.Value ? new Origin(OriginKind.Recorded, recorded.Origin) : origin;
    }

    /// <summary>
    /// Where the value at a dotted path came from; <c>LIST.count</c>, as in flattened recipes, is where the list came from.
    /// </summary>
    public Origin OriginOf(string path)
    {
        RecipeNode at = Tree;
        foreach (string part in path.Split('.'))
        {
            RecipeNode? next = at switch
            {
                MapNode map => map.Find(part),
                ListNode when part == "count" => at,
                ListNode list when int.TryParse(part, out int i) && i >= 0 && i < list.Items.Count => list.Items[i],
                _ => null,
            };
            at = next ?? throw new ArgumentException($"a recipe has no {path}", nameof(path));
        }
        return at.Origin;
    }
}
