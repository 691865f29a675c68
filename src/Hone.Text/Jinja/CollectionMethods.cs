namespace Hone.Text.Jinja;

/// <summary>Methods of dicts and lists. Those that would change them are refused, as in transformers' sandbox.</summary>
internal static class CollectionMethods
{
    public static Callable? Find(JinjaDict dict, string name, Budget budget) => name switch
    {
        "items" => new(name, _ => Items(dict, budget)),
        "keys" => new(name, _ => new JinjaList([.. Paid(dict, budget).Keys])),
        "values" => new(name, _ => new JinjaList([.. Paid(dict, budget).Values])),
        "get" => new(name, a => dict.TryGet(a.Require(0, "key"), out object? value, budget) ? value : a.Get(1, "default")),
        "copy" => new(name, _ => dict),
        "update" or "pop" or "popitem" or "clear" or "setdefault" => Refused("dict", name),
        _ => null,
    };

    public static Callable? Find(JinjaList list, string name, Budget budget) => name switch
    {
        "index" => new(name, a => (long)IndexOf(list, a.Require(0, "value"), budget)),
        "count" => new(name, a => (long)list.Items.Count(i => PythonValue.Equals(i, a.Require(0, "value"), budget))),
        "copy" => new(name, _ => list),
        "append" or "extend" or "insert" or "pop" or "remove" or "clear" or "sort" or "reverse" when !list.IsTuple => Refused("list", name),
        _ => null,
    };

    public static JinjaList Items(JinjaDict dict, Budget budget) =>
        new([.. Paid(dict, budget).Entries.Select(e => new JinjaList([e.Key, e.Value], IsTuple: true))]);

    private static JinjaDict Paid(JinjaDict dict, Budget budget)
    {
        budget.Step(2L * dict.Count);
        return dict;
    }

    private static int IndexOf(JinjaList list, object? value, Budget budget)
    {
        for (int i = 0; i < list.Items.Count; i++)
        {
            if (PythonValue.Equals(list.Items[i], value, budget)) return i;
        }
        throw new JinjaException($"{PythonText.Repr(value, budget)} is not in list");
    }

    private static Callable Refused(string type, string name) =>
        new(name, _ => throw new JinjaException($"access to attribute '{name}' of '{type}' object is unsafe"));
}
