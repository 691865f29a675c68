namespace Hone.Text.Jinja;

/// <summary>The variable <c>loop</c> inside a for.</summary>
internal sealed class LoopState(IReadOnlyList<object?> items, int depth, Budget budget, Func<object?, object?>? recurse)
{
    private object? _changed = new();

    public int Index { get; set; }

    public object? Get(string name) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)(items.Count - Index),
        "revindex0" => (long)(items.Count - Index - 1),
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new Callable("cycle", a => a.Positional.Count > 0
            ? a.Positional[Index % a.Positional.Count]
            : throw new JinjaException("no items for cycling given")),
        "changed" => new Callable("changed", a => Changed(a)),
        _ => new Undefined($"'loop' has no attribute '{name}'"),
    };

    /// <summary>loop(items) in a recursive for.</summary>
    public object? Recurse(object? value) => recurse is not null
        ? recurse(value)
        : throw new JinjaException("the loop must have the 'recursive' marker to be called recursively");

    private bool Changed(Arguments arguments)
    {
        JinjaList now = new(arguments.Positional);
        bool changed = !PythonValue.Equals(_changed, now, budget);
        _changed = now;
        return changed;
    }
}
