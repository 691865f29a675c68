namespace Hone.Text.Jinja;

/// <summary>value.name and value[key]: methods come from fixed tables, everything else from the data.</summary>
internal static class Attributes
{
    public static object? Get(object? target, string name, Budget budget)
    {
        object? found = target switch
        {
            Undefined missing => throw missing.Error(),
            string text => StringMethods.Find(text, name, budget),
            JinjaDict dict =>
                (object?)CollectionMethods.Find(dict, name, budget)
                ?? (dict.TryGet(name, out object? value, budget) ? Present(value) : null),
            JinjaList list => CollectionMethods.Find(list, name, budget),
            JinjaNamespace space => space.Attributes.TryGetValue(name, out object? value) ? Present(value) : null,
            LoopState loop => Present(loop.Get(name)),
            Callable callable when name == "name" => callable.Name,
            _ => null,
        };
        return found is Holder holder ? holder.Value : found
            ?? new Undefined($"'{PythonValue.TypeName(target)} object' has no attribute '{name}'");
    }

    public static object? GetItem(object? target, object? key, Budget budget)
    {
        switch (target)
        {
            case Undefined missing:
                throw missing.Error();
            case JinjaDict dict when dict.TryGet(key, out object? value, budget):
                return value;
            case JinjaList list when key is long or bool:
                long index = key is long n ? n : (bool)key ? 1 : 0;
                if (index < 0) index += list.Items.Count;
                return index >= 0 && index < list.Items.Count ? list.Items[(int)index] : new Undefined("list object has no element " + key);
            case string text when key is long position:
                budget.Characters(text.Length);
                return PythonString.CharacterAt(text, position) is { } character ? character : new Undefined("string index out of range");
        }
        return key is string name
            ? Get(target, name, budget)
            : new Undefined($"'{PythonValue.TypeName(target)} object' has no element {PythonText.Repr(key, budget)}");
    }

    // A value that is None must not look like a value that is absent.
    private static Holder Present(object? value) => new(value);

    private sealed record Holder(object? Value);
}
