using YamlDotNet.Core;

namespace Hone.Runs.Recipes;

/// <summary>
/// A value from the command line: a dotted path (<c>online.samples.0.temperature</c>; list elements by index) and its
/// value as YAML text.
/// </summary>
public sealed record RecipeOverride(string Path, string Value, Origin Origin)
{
    /// <summary>Reads the argument of <c>--set</c>.</summary>
    public static RecipeOverride Set(string argument)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        if (equals <= 0) throw new InputException("expected key=value", $"--set {argument}", "For example: --set online.beta=0.2");
        return new(argument[..equals].Trim(), argument[(equals + 1)..], new Origin(OriginKind.Set, $"--set {argument}"));
    }

    /// <summary>A flag that stands for a key, such as <c>--device cpu</c>; the value is taken literally, not as YAML.</summary>
    public static RecipeOverride Flag(string flag, string path, string value) =>
        new(path, value, new Origin(OriginKind.Flag, $"{flag} {value}"));

    /// <summary>A flag that stands for a list, such as <c>--data a.jsonl b.jsonl</c>; the values are taken literally.</summary>
    public static RecipeOverride Flag(string flag, string path, IReadOnlyList<string> values) =>
        Flag(flag, path, string.Join(' ', values)) with { Values = values };

    /// <summary>The elements, where the flag gave a list.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    internal RecipeNode Node() =>
        Values is not null ? new ListNode([.. Values.Select(v => new ScalarNode(v, Origin))], Origin) :
        Origin.Kind == OriginKind.Flag ? new ScalarNode(Value, Origin) : RecipeYaml.Parse(Value, (Mark _) => Origin) switch
        {
            MapNode { Entries.Count: 0 } when Value.Trim().Length == 0 => new ScalarNode(null, Origin),
            RecipeNode node => node,
        };
}
