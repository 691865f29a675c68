namespace Hone.Training;

/// <summary>Means of a step's quantities, gathered as sums and counts over its passes. Names follow TRL's.</summary>
public sealed class StepMetrics
{
    private readonly SortedDictionary<string, (double Sum, double Count)> _values = new(StringComparer.Ordinal);

    public void Add(string name, double sum, double count)
    {
        (double s, double c) = _values.GetValueOrDefault(name);
        _values[name] = (s + sum, c + count);
    }

    /// <summary>Sum and count of each quantity, by name.</summary>
    internal Dictionary<string, double[]> Sums => _values.ToDictionary(v => v.Key, v => new[] { v.Value.Sum, v.Value.Count });

    /// <summary>The mean of each quantity, sorted by name.</summary>
    public IReadOnlyDictionary<string, double> Means =>
        new SortedDictionary<string, double>(_values.ToDictionary(v => v.Key, v => v.Value.Sum / v.Value.Count), StringComparer.Ordinal);
}
