using System.Text;

namespace Hone.Workflow.Recipes;

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
    public MapNode Tree { get; }

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
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(File.ReadAllBytes(path)).TrimStart('\ufeff');
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
        RecipeNode written = RecipeYaml.Parse(text, mark =>
            new Origin(OriginKind.File, path, (int)Math.Max(1, mark.Line), (int)Math.Max(1, mark.Column)));
        RecipeNode tree = RecipeMerge.Merge(typeof(Recipe), RecipeMerge.Defaults(new Recipe()), written, path: "");
        foreach (RecipeOverride change in overrides) tree = RecipeMerge.Apply(tree, change);
        string working = Directory.GetCurrentDirectory();
        string folder = Path.GetDirectoryName(Path.GetFullPath(path, working)) ?? working;
        Recipe value = (Recipe)new RecipeBinder(folder, working).Bind(typeof(Recipe), (MapNode)tree);
        ResolvedRecipe resolved = new(value, (MapNode)tree);
        RecipeChecks.Consistency(resolved);
        return resolved;
    }

    /// <summary>Where the value at a dotted path came from; <c>LIST.count</c>, as in flattened recipes, is where the list came from.</summary>
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
