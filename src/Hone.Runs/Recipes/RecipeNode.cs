namespace Hone.Runs.Recipes;

/// <summary>A value of a recipe as written, with the place it came from.</summary>
internal abstract record RecipeNode(Origin Origin)
{
    internal abstract string Kind { get; }
}

/// <summary>One value; null is YAML's null (nothing, <c>~</c> or <c>null</c>, unquoted).</summary>
internal sealed record ScalarNode(string? Text, Origin Origin) : RecipeNode(Origin)
{
    internal override string Kind => Text is null ? "nothing" : $"'{Text}'";
}

/// <summary>Values in order.</summary>
internal sealed record ListNode(IReadOnlyList<RecipeNode> Items, Origin Origin) : RecipeNode(Origin)
{
    internal override string Kind => "a list";
}

/// <summary>Values by key, in the order written.</summary>
internal sealed record MapNode(IReadOnlyList<MapEntry> Entries, Origin Origin) : RecipeNode(Origin)
{
    internal override string Kind => "a section with keys";

    public RecipeNode? Find(string key) => Entries.FirstOrDefault(e => e.Key == key)?.Value;
}

/// <summary>A key, where it stands, and its value.</summary>
internal sealed record MapEntry(string Key, Origin KeyOrigin, RecipeNode Value);
