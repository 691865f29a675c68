namespace Hone.Runs.Recipes;

/// <summary>Lays written values over the defaults; every key must be known.</summary>
internal static class RecipeMerge
{
    /// <summary>The complete tree of an option record with its default values.</summary>
    internal static MapNode Defaults(object options) => new(
        [.. OptionKey.Of(options.GetType())
            .Select(k => new MapEntry(k.Name, Origin.Default, DefaultNode(k.Type, k.Property.GetValue(options))))],
        Origin.Default);

    /// <summary><paramref name="over"/> laid over the complete tree <paramref name="under"/> of type <paramref name="type"/>.</summary>
    internal static RecipeNode Merge(Type type, RecipeNode under, RecipeNode over, string path)
    {
        if (OptionKey.IsSection(type)) return MergeSection(type, (MapNode)under, over, path);
        if (OptionKey.ElementOf(type) is { } element)
        {
            if (over is ScalarNode { Text: not null } one && element == typeof(string)) return new ListNode([one], one.Origin);
            if (over is not ListNode list) throw Wrong(path, over, "a list");
            return new ListNode([.. list.Items.Select((item, i) => Merge(element, ElementDefault(element), item, $"{path}.{i}"))],
                list.Origin);
        }
        return over is ScalarNode ? over : throw Wrong(path, over, "a single value");
    }

    /// <summary>The tree with the value at a dotted path replaced.</summary>
    internal static RecipeNode Apply(RecipeNode root, RecipeOverride change) =>
        Apply(typeof(Recipe), root, change.Path.Split('.'), 0, change.Node(), change.Origin);

    private static RecipeNode Apply(Type type, RecipeNode at, string[] path, int depth, RecipeNode value, Origin origin)
    {
        string done = string.Join('.', path.Take(depth));
        if (depth == path.Length) return Merge(type, at, value, done);
        string next = path[depth];
        if (at is MapNode map)
        {
            OptionKey key = OptionKey.Of(type).FirstOrDefault(k => k.Name == next) ?? throw Unknown(type, next, done, origin);
            return Replace(map, key.Name, old => Apply(key.Type, old, path, depth + 1, value, origin), origin);
        }
        if (at is not ListNode list) throw new InputException($"{done} is a single value and has no key '{next}'", origin.Where);
        if (!int.TryParse(next, out int index) || index < 0 || index >= list.Items.Count)
            throw new InputException($"{done} has no element '{next}'; it has {list.Items.Count}, counted from 0", origin.Where);
        Type element = OptionKey.ElementOf(type)!;
        return list with
        {
            Items = [.. list.Items.Select((item, i) =>
            i == index ? Apply(element, item, path, depth + 1, value, origin) : item)]
        };
    }

    private static MapNode MergeSection(Type type, MapNode under, RecipeNode over, string path)
    {
        if (over is ScalarNode { Text: null, Origin.Kind: OriginKind.File }) return under;
        if (over is not MapNode map) throw Wrong(path, over, "keys");
        MapNode merged = under with { Origin = map.Origin };
        foreach (MapEntry entry in map.Entries)
        {
            OptionKey key = OptionKey.Of(type).FirstOrDefault(k => k.Name == entry.Key)
                ?? throw Unknown(type, entry.Key, path, entry.KeyOrigin);
            string full = path.Length == 0 ? key.Name : $"{path}.{key.Name}";
            merged = Replace(merged, key.Name, old => Merge(key.Type, old, entry.Value, full), entry.KeyOrigin);
        }
        return merged;
    }

    private static MapNode Replace(MapNode map, string key, Func<RecipeNode, RecipeNode> change, Origin origin) =>
        map with { Entries = [.. map.Entries.Select(e => e.Key == key ? new MapEntry(key, origin, change(e.Value)) : e)] };

    private static RecipeNode DefaultNode(Type type, object? value)
    {
        if (value is not null && OptionKey.IsSection(type)) return Defaults(value);
        if (OptionKey.ElementOf(type) is not { } element)
            return new ScalarNode(value is null ? null : OptionValue.Format(value), Origin.Default);
        return new ListNode([.. ((System.Collections.IEnumerable)value!).Cast<object>().Select(item => DefaultNode(element, item))],
            Origin.Default);
    }

    private static RecipeNode ElementDefault(Type element) =>
        OptionKey.IsSection(element) ? Defaults(Activator.CreateInstance(element)!) : new ScalarNode(null, Origin.Default);

    private static InputException Wrong(string path, RecipeNode got, string expected) =>
        new($"{(path.Length == 0 ? "the recipe" : path)}: expected {expected}, found {got.Kind}", got.Origin.Where);

    private static InputException Unknown(Type type, string key, string path, Origin origin)
    {
        string[] known = [.. OptionKey.Of(type).Select(k => k.Name)];
        string fix = NearestName.Of(key, known) is { } near ? $"Did you mean '{near}'?" : $"Known: {string.Join(", ", known)}.";
        return new($"unknown key '{key}'{(path.Length == 0 ? "" : $" in {path}")}", origin.Where, fix);
    }
}
