namespace Hone.Text.Jinja;

/// <summary>Names and their values; loops, macros and blocks open an inner scope, an if does not.</summary>
internal sealed class Scope(Scope? outer)
{
    private readonly Dictionary<string, object?> _values = new(StringComparer.Ordinal);

    public void Set(string name, object? value) => _values[name] = value;

    /// <param name="name">The name to look up.</param>
    /// <param name="value">Its value, where some scope has it.</param>
    /// <param name="scopes">How many scopes were asked.</param>
    public bool TryGet(string name, out object? value, out int scopes)
    {
        scopes = 0;
        for (Scope? scope = this; scope is not null; scope = scope.Outer)
        {
            scopes++;
            if (scope._values.TryGetValue(name, out value)) return true;
        }
        value = null;
        return false;
    }

    /// <summary>The same names on top of another scope.</summary>
    public Scope Over(Scope below)
    {
        Scope copy = new(below);
        foreach ((string name, object? value) in _values) copy._values[name] = value;
        return copy;
    }

    private Scope? Outer { get; } = outer;
}
