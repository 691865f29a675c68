namespace Hone.Text.Jinja;

/// <summary>What a set or a for assigns to.</summary>
internal abstract record Target;

/// <summary>A name, or an attribute of a namespace.</summary>
internal sealed record NameTarget(string Name, string? Attribute = null) : Target;

/// <summary>Several targets, among which a sequence is dealt out: <c>a, b</c> or <c>(a, (b, c))</c>.</summary>
internal sealed record TupleTarget(IReadOnlyList<Target> Parts) : Target;
