namespace Hone.Text.Jinja;

/// <summary>namespace(...): the one thing whose attributes a template may assign, so that loops can hand values out.</summary>
internal sealed class JinjaNamespace
{
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}
