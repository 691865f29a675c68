namespace Hone.Text.Jinja;

/// <summary>Filters over lists and dicts.</summary>
internal static class SequenceFilters
{
    public static bool TryApply(string name, object? value, Arguments arguments, Budget budget, out object? result)
    {
        result = null;
        switch (name)
        {
            case "items":
                result = value is JinjaDict dict ? CollectionMethods.Items(dict, budget)
                    : value is Undefined ? new JinjaList([])
                    : throw new JinjaException("Can only get item pairs from a mapping.");
                return true;
            case "dictsort":
                result = SortDict(value as JinjaDict ?? throw new JinjaException("dictsort needs a mapping"), arguments, budget);
                return true;
            case "list" or "first" or "last" or "join" or "map" or "select" or "reject" or "selectattr" or "rejectattr" or "sort"
                or "unique"
                or "min" or "max" or "sum" or "reverse" or "groupby" or "batch" or "slice":
                break;
            default:
                return false;
        }
        IReadOnlyList<object?> items = PythonValue.Iterate(value, budget);
        result = name switch
        {
            "list" => new JinjaList(items),
            "first" => items.Count > 0 ? items[0] : new Undefined("No first item, sequence was empty."),
            "last" => items.Count > 0 ? items[^1] : new Undefined("No last item, sequence was empty."),
            "join" => Join(items, arguments, budget),
            "map" => new JinjaList([.. items.Select(Mapper(arguments, budget))]),
            "select" or "reject" => new JinjaList([.. items.Where(i => Passes(i, arguments, budget) == (name == "select"))]),
            "selectattr" or "rejectattr" =>
                new JinjaList([.. items.Where(i => AttributePasses(i, arguments, budget) == (name == "selectattr"))]),
            "sort" => Sort(items, arguments, budget),
            "unique" => Unique(items, arguments, budget),
            "min" or "max" => Extreme(items, arguments, budget, name == "min" ? -1 : 1),
            "sum" => Sum(items, arguments, budget),
            "reverse" => value is string ? PythonString.Join(items.Reverse()) : new JinjaList([.. items.Reverse()]),
            "groupby" => GroupBy(items, arguments, budget),
            "batch" => Batch(items, arguments, budget),
            "slice" => Slices(items, arguments, budget),
            _ => throw new JinjaException($"No filter named '{name}'."),
        };
        return true;
    }

    /// <summary>An attribute path such as "function.name" or an index.</summary>
    public static object? Attribute(object? item, object? path, Budget budget)
    {
        if (path is long) return Attributes.GetItem(item, path, budget);
        string name = path as string ?? throw new JinjaException("an attribute is a str or an int");
        budget.Step(name.Length);
        foreach (string part in name.Split('.'))
        {
            item = long.TryParse(part, out long index) ? Attributes.GetItem(item, index, budget) : Attributes.GetItem(item, part, budget);
        }
        return item;
    }

    private static string Join(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        object? path = arguments.Get(1, "attribute");
        string separator = PythonText.Str(arguments.Get(0, "d", ""), budget);
        string[] parts = [.. items.Select(i => PythonText.Str(path is null ? i : Attribute(i, path, budget), budget))];
        budget.Characters(parts.Sum(p => (long)p.Length + separator.Length));
        return string.Join(separator, parts);
    }

    private static Func<object?, object?> Mapper(Arguments arguments, Budget budget)
    {
        if (arguments.Positional.Count == 0 && arguments.Named.TryGetValue("attribute", out object? path))
        {
            bool hasDefault = arguments.Named.TryGetValue("default", out object? otherwise);
            return item => Attribute(item, path, budget) is var found && found is Undefined && hasDefault ? otherwise : found;
        }
        string filter = arguments.Text(0, "filter", "");
        Arguments rest = arguments.Skip(1);
        return item => Filters.Apply(filter, item, rest, budget);
    }

    private static bool Passes(object? item, Arguments arguments, Budget budget) => arguments.Positional.Count == 0
        ? PythonValue.IsTrue(item)
        : Tests.Apply(arguments.Text(0, "test", ""), item, arguments.Skip(1), budget);

    private static bool AttributePasses(object? item, Arguments arguments, Budget budget)
    {
        object? value = Attribute(item, arguments.Require(0, "attribute"), budget);
        return Passes(value, arguments.Skip(1), budget);
    }

    private static Func<object?, object?> Key(object? path, bool caseSensitive, Budget budget) => item =>
    {
        object? key = path is null ? item : Attribute(item, path, budget);
        if (caseSensitive || key is not string text) return key;
        budget.Characters(text.Length);
        return text.ToLowerInvariant();
    };

    private static JinjaList Sort(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        Func<object?, object?> key = Key(arguments.Get(2, "attribute"), arguments.Flag(1, "case_sensitive", false), budget);
        // Jinja2 sorts by lists of keys. Equal keys in lists need no order, so that a list of None sorts.
        return new JinjaList(Ordered(items, i => new JinjaList([key(i)]), arguments.Flag(0, "reverse", false), budget));
    }

    private static List<object?> Ordered(IReadOnlyList<object?> items, Func<object?, object?> key, bool reverse, Budget budget)
    {
        Comparer<object?> order = Comparer<object?>.Create((a, b) =>
        {
            return PythonValue.Compare(a, b, budget);
        });
        try
        {
            return reverse ? [.. items.OrderByDescending(key, order)] : [.. items.OrderBy(key, order)];
        }
        catch (InvalidOperationException error) when (error.InnerException is JinjaException inner)
        {
            throw inner;
        }
    }

    private static JinjaList SortDict(JinjaDict dict, Arguments arguments, Budget budget)
    {
        int part = arguments.Text(1, "by", "key") == "value" ? 1 : 0;
        Func<object?, object?> key = Key(null, arguments.Flag(0, "case_sensitive", false), budget);
        return new JinjaList(Ordered(
            CollectionMethods.Items(dict, budget).Items, item =>
                key(((JinjaList)item!).Items[part]), arguments.Flag(2, "reverse", false), budget));
    }

    private static JinjaList Unique(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        Func<object?, object?> key = Key(arguments.Get(1, "attribute"), arguments.Flag(0, "case_sensitive", false), budget);
        JinjaDict seen = new();
        List<object?> kept = [];
        foreach (object? item in items)
        {
            object? k = key(item);
            if (seen.TryGet(k, out _, budget)) continue;
            seen.Set(k, null, budget);
            kept.Add(item);
        }
        return new JinjaList(kept);
    }

    private static object? Extreme(IReadOnlyList<object?> items, Arguments arguments, Budget budget, int sign)
    {
        if (items.Count == 0) return new Undefined("No aggregated item, sequence was empty.");
        Func<object?, object?> key = Key(arguments.Get(1, "attribute"), arguments.Flag(0, "case_sensitive", false), budget);
        object? best = items[0];
        foreach (object? item in items.Skip(1))
        {
            if (PythonValue.Compare(key(item), key(best), budget) * sign > 0) best = item;
        }
        return best;
    }

    private static object? Sum(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        object? path = arguments.Get(0, "attribute"), total = arguments.Get(1, "start", 0L);
        foreach (object? item in items) total = Operators.Apply("+", total, path is null ? item : Attribute(item, path, budget), budget);
        return total;
    }

    private static JinjaList GroupBy(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        object? path = arguments.Require(0, "attribute");
        List<object?> groups = [];
        foreach (object? item in Ordered(items, i => Attribute(i, path, budget), reverse: false, budget))
        {
            object? key = Attribute(item, path, budget);
            if (groups.Count > 0 && groups[^1] is JinjaList last && PythonValue.Equals(last.Items[0], key, budget))
            {
                ((List<object?>)((JinjaList)last.Items[1]!).Items).Add(item);
            }
            else groups.Add(new JinjaList([key, new JinjaList(new List<object?> { item })], IsTuple: true));
        }
        return new JinjaList(groups);
    }

    private static JinjaList Batch(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        int size = (int)Math.Clamp(arguments.Integer(0, "linecount", 1), 1, int.MaxValue);
        object? fill = arguments.Get(1, "fill_with");
        List<object?> batches = [];
        foreach (object?[] chunk in items.Chunk(size))
        {
            bool pad = fill is not null && chunk.Length < size;
            budget.Step(pad ? Math.Min(size, 100_000) : 1);
            if (pad && size > 100_000) throw new JinjaException("the batch is too large");
            batches.Add(new JinjaList(pad ? [.. chunk, .. Enumerable.Repeat(fill, size - chunk.Length)] : chunk));
        }
        return new JinjaList(batches);
    }

    // As many columns as asked for; the first ones are longer where the items do not divide.
    private static JinjaList Slices(IReadOnlyList<object?> items, Arguments arguments, Budget budget)
    {
        long slices = arguments.Integer(0, "slices", 1);
        if (slices is <= 0 or > 100_000) throw new JinjaException("slice needs 1 to 100000 slices");
        object? fill = arguments.Get(1, "fill_with");
        budget.Step(4 * slices);
        int size = items.Count / (int)slices, longer = items.Count % (int)slices, at = 0;
        List<object?> columns = [];
        for (int i = 0; i < slices; i++)
        {
            int length = i < longer ? size + 1 : size;
            IEnumerable<object?> column = items.Skip(at).Take(length);
            columns.Add(new JinjaList([.. fill is not null && i >= longer ? column.Append(fill) : column]));
            at += length;
        }
        return new JinjaList(columns);
    }
}
