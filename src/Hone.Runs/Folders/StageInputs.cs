using Hone.Runs.Recipes;

namespace Hone.Runs;

/// <summary>
/// All that a stage's result depends on, as key and text: its options, the hashes of its files, the results of earlier
/// stages. Two runs of a stage with equal inputs give equal results.
/// </summary>
public sealed class StageInputs
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    /// <summary>The same inputs, to add further ones to.</summary>
    public StageInputs Copy()
    {
        var copy = new StageInputs();
        foreach ((string key, string value) in _values) copy.Add(key, value);
        return copy;
    }

    /// <summary>Adds all of another's inputs under a prefix.</summary>
    public StageInputs Add(string prefix, StageInputs other)
    {
        foreach ((string key, string value) in other._values) Add($"{prefix}.{key}", value);
        return this;
    }

    public StageInputs Add(string key, string value)
    {
        _values.Add(key, value);
        return this;
    }

    /// <summary>Adds every value of an option record except those that change no result, such as how often a state is saved.</summary>
    public StageInputs AddOptions(string prefix, object options, params string[] except)
    {
        foreach ((string key, string value) in RecipeText.Flatten(options))
        {
            if (!except.Contains(key)) Add($"{prefix}.{key}", value);
        }
        return this;
    }

    /// <summary>Adds some keys of an option record, sections and lists with all that is in them.</summary>
    public StageInputs AddKeys(string prefix, object options, params string[] keys)
    {
        IReadOnlyList<KeyValuePair<string, string>> all = RecipeText.Flatten(options);
        foreach (string key in keys)
        {
            KeyValuePair<string, string>[] found = [.. all.Where(v => v.Key == key || v.Key.StartsWith(key + ".", StringComparison.Ordinal))];
            if (found.Length == 0) throw new ArgumentException($"{options.GetType().Name} has no key {key}", nameof(keys));
            foreach ((string name, string value) in found) Add($"{prefix}.{name}", value);
        }
        return this;
    }

    /// <summary>Adds the content of a file or of a whole folder, whatever its name.</summary>
    /// <exception cref="InputException">There is no such file or folder.</exception>
    public StageInputs AddContent(string key, string path)
    {
        if (!File.Exists(path) && !Directory.Exists(path)) throw new InputException($"{key}: there is no file or folder {path}");
        return Add(key, $"sha256:{FileDigest.OfPath(path)}");
    }

    /// <summary>Adds the result of a finished stage.</summary>
    public StageInputs AddStage(StageFolder stage) =>
        Add($"stage.{stage.Name}",
            $"sha256:{stage.Digest ?? throw new InvalidOperationException($"the stage {stage.Name} is not finished")}");

    /// <summary>Each key whose text differs, as <c>key: old -> new</c>.</summary>
    internal IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> recorded) =>
        [.. _values.Keys.Union(recorded.Keys).Order(StringComparer.Ordinal)
            .Select(k => (Key: k, Old: recorded.GetValueOrDefault(k, "(absent)"), New: _values.GetValueOrDefault(k, "(absent)")))
            .Where(d => d.Old != d.New)
            .Select(d => $"{d.Key}: {d.Old} -> {d.New}")];
}
