namespace Hone.Data;

/// <summary>
/// Rows cut into named, disjoint parts by prompt: no prompt is in two parts, so nothing is evaluated or selected on that
/// was trained on. Every row goes to exactly one part or to <see cref="Rest"/>.
/// </summary>
internal sealed class PromptSplit<T>
{
    private readonly Dictionary<string, IReadOnlyList<T>> _parts;

    internal PromptSplit(Dictionary<string, IReadOnlyList<T>> parts, IReadOnlyList<T> rest)
    {
        _parts = parts;
        Rest = rest;
    }

    public IReadOnlyList<T> this[string part] => _parts[part];

    public IEnumerable<string> Parts => _parts.Keys;

    /// <summary>Rows that no part asked for, in shuffled order.</summary>
    public IReadOnlyList<T> Rest { get; }
}
