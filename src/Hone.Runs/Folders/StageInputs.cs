using Hone.Runs.Recipes;

namespace Hone.Runs;

/// <summary>
/// All that a stage's result depends on, as key and text: its options, its rows, the models that earlier stages made. Two
/// runs of a stage with equal inputs give equal results.
/// </summary>
internal sealed class StageInputs
{
    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, string> Values => _values;

    public StageInputs Add(string key, string value)
    {
        _values.Add(key, value);
        return this;
    }

    /// <summary>
    /// Adds the options of a record that go into some parts, all but those marked <see cref="DoesNotChangeResultAttribute"/>.
    /// Sections within it belong to stages of their own and are left out.
    /// </summary>
    /// <param name="prefix">The section's key in a recipe; empty for the recipe itself.</param>
    public StageInputs AddOptions(string prefix, object options, StagePart parts)
    {
        foreach (OptionKey key in OptionKey.Of(options.GetType()).Where(k => !OptionKey.IsSection(k.Type) && GoesInto(k, parts)))
            foreach ((string name, string value) in RecipeText.Flatten(key, options))
                Add(prefix.Length == 0 ? name : $"{prefix}.{name}", value);
        return this;
    }

    /// <summary>Adds the content of a file or of a whole folder, whatever its name.</summary>
    /// <exception cref="InputException">There is no such file or folder.</exception>
    public StageInputs AddContent(string key, string path, KnownDigests known)
    {
        if (!Path.Exists(path)) throw new InputException($"{key}: there is no file or folder {path}");
        return Add(key, $"sha256:{known.OfPath(path)}");
    }

    /// <summary>Adds the result of a finished stage.</summary>
    public StageInputs AddStage(string key, StageFolder stage) =>
        Add(key, stage.Digest ?? throw new InvalidOperationException($"the stage {stage.Name} is not finished"));

    /// <summary>The text by which a stage's result is known to those that depend on it.</summary>
    internal static string ResultOf(string stage, string sha256) => $"{Named(stage)}sha256:{sha256}";

    /// <summary>Whether the result of a stage is among recorded inputs.</summary>
    internal static bool DependOn(string stage, IReadOnlyDictionary<string, string> recorded) =>
        recorded.Values.Any(v => v.Contains(Named(stage), StringComparison.Ordinal));

    /// <summary>Each key whose text differs, as <c>key: old -> new</c>.</summary>
    internal IReadOnlyList<string> Differences(IReadOnlyDictionary<string, string> recorded) => RecipeText.Changes(recorded, _values);

    private static string Named(string stage) => $"stage {stage} ";

    private static bool GoesInto(OptionKey key, StagePart parts) => key.ChangesResult && (key.Parts is not { } own || (own & parts) != 0);
}
