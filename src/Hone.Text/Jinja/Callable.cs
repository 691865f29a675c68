namespace Hone.Text.Jinja;

/// <summary>Values of a call's arguments.</summary>
internal sealed record Arguments(IReadOnlyList<object?> Positional, IReadOnlyDictionary<string, object?> Named)
{
    public static Arguments None { get; } = new([], new Dictionary<string, object?>());

    public object? Get(int index, string name, object? otherwise = null) =>
        index < Positional.Count ? Positional[index] : Named.TryGetValue(name, out object? value) ? value : otherwise;

    public bool Has(int index, string name) => index < Positional.Count || Named.ContainsKey(name);

    public object? Require(int index, string name) =>
        Has(index, name) ? Get(index, name) : throw new JinjaException($"the argument '{name}' is missing");

    public string Text(int index, string name, string otherwise) => Get(index, name, otherwise) as string
        ?? throw new JinjaException($"the argument '{name}' must be a string");

    public long Integer(int index, string name, long otherwise) => Get(index, name, otherwise) switch
    {
        long number => number,
        bool flag => flag ? 1 : 0,
        _ => throw new JinjaException($"the argument '{name}' must be an integer"),
    };

    public bool Flag(int index, string name, bool otherwise) => PythonValue.IsTrue(Get(index, name, otherwise));

    public Arguments Skip(int count) => new([.. Positional.Skip(count)], Named);
}

/// <summary>A function that a template can call. Only those that this folder makes exist; nothing of .NET can be reached.</summary>
internal sealed record Callable(string Name, Func<Arguments, object?> Invoke);
