namespace Hone.Text.Jinja;

/// <summary>A Python list or tuple. Never changed once made: transformers renders in an immutable sandbox.</summary>
internal sealed record JinjaList(IReadOnlyList<object?> Items, bool IsTuple = false);
