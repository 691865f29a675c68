using System.Text;

namespace Hone.Runs.Recipes;

/// <summary>Recipes as YAML text.</summary>
internal static class RecipeText
{
    private const int CommentColumn = 44;

    /// <summary>Every value with its origin and meaning as a comment; loads again to the same recipe, from any folder.</summary>
    public static string Show(ResolvedRecipe recipe)
    {
        StringBuilder text = new();
        WriteSection(text, recipe.Value, recipe.Tree, "", "");
        return text.ToString();
    }

    /// <summary>A recipe to start from: the tiny world switched on, every other key commented out at its default.</summary>
    public static string Init()
    {
        StringBuilder text = new("""
            # A Hone recipe. Lines that begin with '#:' are the defaults: remove '#:' to change one.
            # With a model and data of your own: give model and data.*, and set data.world to none.


            """);
        Recipe start = new();
        WriteStart(text, start with { Name = "my-run", Data = start.Data with { World = DataWorld.Tiny } }, start, "");
        return text.ToString();
    }

    /// <summary>Each value below an option record as (dotted key, text): what a stage's manifest stores to name what changed.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Flatten(object options, string prefix = "")
    {
        List<KeyValuePair<string, string>> flat = [];
        foreach (OptionKey key in OptionKey.Of(options.GetType()))
            Flatten(flat, prefix.Length == 0 ? key.Name : $"{prefix}.{key.Name}", key.Property.GetValue(options));
        return flat;
    }

    /// <summary>Each key whose value differs between two recipes, as <c>key: old -> new</c>.</summary>
    public static IReadOnlyList<string> Changes(Recipe before, Recipe after) =>
        Changes(Flatten(before).ToDictionary(), Flatten(after).ToDictionary());

    /// <summary>Each key whose text differs, as <c>key: old -> new</c>.</summary>
    internal static IReadOnlyList<string> Changes(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
        [.. after.Keys.Union(before.Keys).Order(StringComparer.Ordinal)
            .Select(k => (Key: k, Old: before.GetValueOrDefault(k, "(absent)"), New: after.GetValueOrDefault(k, "(absent)")))
            .Where(d => d.Old != d.New)
            .Select(d => $"{d.Key}: {d.Old} -> {d.New}")];

    /// <summary>The value of one key of an option record, or the values below it.</summary>
    internal static IReadOnlyList<KeyValuePair<string, string>> Flatten(OptionKey key, object options)
    {
        List<KeyValuePair<string, string>> flat = [];
        Flatten(flat, key.Name, key.Property.GetValue(options));
        return flat;
    }

    private static void Flatten(List<KeyValuePair<string, string>> flat, string path, object? value)
    {
        if (value is not null && OptionKey.IsSection(value.GetType())) flat.AddRange(Flatten(value, path));
        else if (value is System.Collections.IEnumerable list and not string)
        {
            object[] items = [.. list.Cast<object>()];
            flat.Add(new($"{path}.count", OptionValue.Format(items.Length)));
            for (int i = 0; i < items.Length; i++) Flatten(flat, $"{path}.{i}", items[i]);
        }
        else flat.Add(new(path, OptionValue.Format(value)));
    }

    /// <summary>
    /// Writes a section; <paramref name="first"/> stands before its first key in place of the indent (the dash of a list
    /// element).
    /// </summary>
    private static void WriteSection(StringBuilder text, object options, MapNode tree, string indent, string first)
    {
        string lead = first.Length > 0 ? first : indent;
        foreach (OptionKey key in OptionKey.Of(options.GetType()))
        {
            object? value = key.Property.GetValue(options);
            RecipeNode node = tree.Find(key.Name)!;
            if (value is not null && OptionKey.IsSection(key.Type))
            {
                text.Append('\n');
                WriteLine(text, $"{lead}{key.Name}:", key.Comment);
                WriteSection(text, value, (MapNode)node, indent + "  ", "");
            }
            else if (OptionKey.ElementOf(key.Type) is not null) WriteList(text, lead, indent, key, value!, (ListNode)node);
            else WriteLine(text, $"{lead}{key.Name}: {OptionValue.Yaml(value)}", $"{Plain(node.Origin)} | {key.Comment}");
            lead = indent;
        }
    }

    private static void WriteList(StringBuilder text, string lead, string indent, OptionKey key, object list, ListNode node)
    {
        object[] items = [.. ((System.Collections.IEnumerable)list).Cast<object>()];
        WriteLine(text, $"{lead}{key.Name}:{(items.Length == 0 ? " []" : "")}", $"{Plain(node.Origin)} | {key.Comment}");
        for (int i = 0; i < items.Length; i++)
        {
            if (node.Items[i] is MapNode map) WriteSection(text, items[i], map, indent + "    ", indent + "  - ");
            else WriteLine(text, $"{indent}  - {OptionValue.Yaml(items[i])}", Plain(node.Items[i].Origin));
        }
    }

    private static void WriteStart(StringBuilder text, object start, object defaults, string indent)
    {
        foreach (OptionKey key in OptionKey.Of(start.GetType()))
        {
            object? value = key.Property.GetValue(start);
            object? usual = key.Property.GetValue(defaults);
            if (value is not null && OptionKey.IsSection(key.Type))
            {
                text.Append(indent.Length == 0 ? "\n" : "").Append(indent).Append("# ").Append(key.Comment).Append('\n').Append(indent)
                    .Append(key.Name).Append(":\n");
                WriteStart(text, value, usual!, indent + "  ");
                continue;
            }
            text.Append(indent).Append("# ").Append(key.Comment).Append('\n');
            string written = $"{key.Name}: {Inline(value)}";
            bool active = indent.Length == 0 || !Equals(Inline(value), Inline(usual));
            text.Append(indent).Append(active ? "" : "#: ").Append(written).Append('\n');
        }
    }

    private static string Inline(object? value)
    {
        if (value is not System.Collections.IEnumerable list || value is string) return OptionValue.Yaml(value);
        string Value(OptionKey key, object item) => $"{key.Name}: {OptionValue.Yaml(key.Property.GetValue(item))}";
        IEnumerable<string> items = list.Cast<object>().Select(item => OptionKey.IsSection(item.GetType())
            ? $"{{{string.Join(", ", OptionKey.Of(item.GetType()).Select(k => Value(k, item)))}}}"
            : OptionValue.Yaml(item));
        return $"[{string.Join(", ", items)}]";
    }

    private static void WriteLine(StringBuilder text, string content, string comment) =>
        text.Append(content.PadRight(CommentColumn)).Append(" # ").Append(comment).Append('\n');

    /// <summary>An origin on one line: an argument may hold anything, and must not end the comment.</summary>
    private static string Plain(Origin origin) =>
        string.Concat(origin.ToString().Select(c => char.IsControl(c) || c is '\u2028' or '\u2029' or '\ufeff' ? ' ' : c));
}
