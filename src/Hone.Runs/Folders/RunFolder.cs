using System.Globalization;
using System.Text;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Runs;

/// <summary>
/// The folder of a run: <c>recipe.yaml</c> (resolved), <c>manifest.json</c>, <c>metrics.jsonl</c>, <c>timing.jsonl</c>,
/// <c>log.jsonl</c>, TensorBoard events, a folder per stage. Held by one process at a time.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string ManifestName = RunManifest.FileName;
    private const string RecipeName = "recipe.yaml";
    internal const string TimingName = "timing.jsonl";
    // Those of a finished run whose content nothing else tells; results, report and metrics are made anew from the stages.
    private static readonly string[] s_vouched = [RecipeName, TimingName];
    private readonly RunLock _lock;
    private readonly IDurableFiles _files;
    private RunManifest? _manifest;
    private NewParents? _parents;

    private RunFolder(string path, ResolvedRecipe recipe, RunLock held, IDurableFiles files) =>
        (Path, Recipe, _lock, _files) = (path, recipe, held, files);

    public string Path { get; }

    /// <summary>The recipe of the run; on resume as stored, with the overrides laid over it.</summary>
    public ResolvedRecipe Recipe { get; private set; }

    /// <summary>On resume: each value that differs from the stored recipe, as <c>key: old -> new</c>.</summary>
    public IReadOnlyList<string> Changes { get; private set; } = [];

    /// <summary>On resume of a finished run: what of its files is no longer as it was left, but for the recipe.</summary>
    public IReadOnlyList<string> Damage { get; private init; } = [];

    public string MetricsPath => File("metrics.jsonl");

    public string TimingPath => File(TimingName);

    public string LogPath => File("log.jsonl");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary><c>ROOT/DATE-NAME</c>.</summary>
    public static string DefaultPath(string root, string name, TimeProvider clock) =>
        System.IO.Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{clock.GetLocalNow():yyyy-MM-dd}-{name}"));

    /// <summary>Whether a run was begun at that path: its manifest is there.</summary>
    public static bool Exists(string path) => System.IO.File.Exists(System.IO.Path.Combine(path, ManifestName));

    /// <summary>
    /// Whether a run has anything that another one would have to do again: a finished stage, a training state, samples.
    /// </summary>
    public static bool HoldsWork(string path) => StageStore.NamesIn(path).Any(name =>
    {
        string stage = System.IO.Path.Combine(path, name);
        return StageManifest.Read(System.IO.Path.Combine(stage, StageManifest.FileName), out _)?.Outputs is not null
            || DurableFolders.FilesBelow(stage).Any(f =>
                f is not (StageManifest.FileName or StageFolder.MetricsName) && !f.Split('/').Any(DurableFolders.IsPartial));
    });

    /// <summary>
    /// Makes the folder of a new run and takes its lock. One that was begun and in which nothing was done is begun anew.
    /// </summary>
    /// <exception cref="InputException">There is something at that path already; nothing is overwritten.</exception>
    public static RunFolder Create(string path, ResolvedRecipe recipe, TimeProvider clock, IDurableFiles? files = null)
    {
        files ??= DurableFiles.Instance;
        path = System.IO.Path.GetFullPath(path);
        if (Exists(path) && !InUse(path) && !HoldsWork(path)) files.DeleteTree(path);
        if (System.IO.Path.Exists(path) && !IsUnborn(path)) throw Taken(path);
        RunLock held;
        var parents = new NewParents(path);
        try
        {
            files.CreateFolders(path);
            held = RunLock.Take(path, clock);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InputException($"the run folder cannot be made: {e.Message}", path, "Give the run another place with --output.", e);
        }
        try
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(path, ManifestName))) throw Taken(path); // made by another process just now
            files.WriteFile(System.IO.Path.Combine(path, RecipeName), Text(RecipeText.Show(recipe)));
            RunFolder run = new(path, recipe, held, files) { _parents = parents };
            run.WriteManifest(clock, finished: false);
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Opens the folder of a run that was begun, and takes its lock.</summary>
    /// <exception cref="InputException">No run is there, its recipe or manifest is damaged, or another process holds it.</exception>
    public static RunFolder Resume(string path, TimeProvider clock, IReadOnlyList<RecipeOverride>? overrides = null,
        IDurableFiles? files = null)
    {
        files ??= DurableFiles.Instance;
        path = System.IO.Path.GetFullPath(path);
        if (!System.IO.File.Exists(System.IO.Path.Combine(path, ManifestName)))
            throw new InputException("there is no run here", path, "hone runs lists the runs.");
        RunLock held = RunLock.Take(path, clock);
        try
        {
            files.DeletePartial(path);
            RunManifest manifest = RunManifest.Read(path, out string? problem) ?? throw new InputException(problem!, path,
                "Restore the file, or begin the run anew with another --output.");
            string[] changed = [.. manifest.Files.Select(f => f.Problem(path)).OfType<string>()];
            if (changed.FirstOrDefault(c => c.StartsWith(RecipeName, StringComparison.Ordinal)) is { } recipe)
                throw new InputException($"the recipe of the finished run has changed: {recipe}", path,
                    "Restore the file; what is to be otherwise is said by --set.");
            string recipePath = System.IO.Path.Combine(path, RecipeName);
            ResolvedRecipe stored = ResolvedRecipe.Load(recipePath).WithRecorded(manifest.Origins);
            RunFolder run = new(path, stored, held, files) { _manifest = manifest, Damage = changed };
            if (overrides is { Count: > 0 }) run.Change(ResolvedRecipe.Load(recipePath, overrides).WithRecorded(manifest.Origins), clock);
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>The recipe of a run that was begun, without its lock; the usual one where the folder is not to be seen from here.</summary>
    internal static Recipe RecipeOf(string path, IReadOnlyList<RecipeOverride> overrides)
    {
        string recipe = System.IO.Path.Combine(path, RecipeName);
        return System.IO.File.Exists(recipe) ? ResolvedRecipe.Load(recipe, overrides).Value : new Recipe();
    }

    /// <summary>Removes the folder of a run in which nothing was done, and with it the folders above that were made for it.</summary>
    public void Remove()
    {
        _lock.Dispose();
        _files.DeleteTree(Path);
        _parents?.RemoveEmpty();
    }

    /// <summary>Records that all stages are done.</summary>
    public void MarkFinished(TimeProvider clock) => WriteManifest(clock, finished: true);

    /// <summary>A process begins to compute: the run is not finished until it says so.</summary>
    /// <param name="threads">That it computes with; recorded.</param>
    /// <returns>The threads of the process before, where they were others: sums may differ in their last digits.</returns>
    public int? Begin(int threads, TimeProvider clock)
    {
        int? before = _manifest?.Threads;
        if (before != threads || _manifest?.Finished is not null) WriteManifest(clock, finished: false, threads);
        return before == threads ? null : before;
    }

    /// <summary>Runs below a folder, newest name last; one whose manifest cannot be trusted with the reason in its place.</summary>
    public static IReadOnlyList<(string Path, RunManifest? Manifest, string? Problem)> List(string root)
    {
        var runs = new List<(string, RunManifest?, string?)>();
        if (!Directory.Exists(root)) return runs;
        foreach (string path in Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal).Where(Exists))
            runs.Add((path, RunManifest.Read(path, out string? problem), problem));
        return runs;
    }

    /// <summary>Whether a process works on the run at this moment.</summary>
    public static bool InUse(string path) => HeldFile.IsHeld(System.IO.Path.Combine(path, RunLock.FileName));

    /// <summary>One of running, finished, stopped, damaged.</summary>
    /// <param name="manifest">As it was read; null where it cannot be trusted.</param>
    internal static string StateOf(string path, RunManifest? manifest) => manifest is null ? "damaged"
        : InUse(path) ? "running" : manifest.Finished is not null ? "finished" : "stopped";

    public void Dispose() => _lock.Dispose();

    /// <summary>Whether the folder is empty, or holds what a kill or a full disk left of a run before it had its manifest.</summary>
    private static bool IsUnborn(string path)
    {
        if (!Directory.Exists(path)) return false;
        string?[] names = [.. Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName)];
        return names.Length == 0 || (names.Contains(RunLock.FileName) && names.All(name =>
            name is RunLock.FileName or RunLock.OwnerName or RecipeName || DurableFolders.IsPartial(name!)));
    }

    private static Action<Stream> Text(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));

    private static InputException Taken(string path)
    {
        const string Elsewhere = "ive the run another place with --output, or another name.";
        return System.IO.File.Exists(System.IO.Path.Combine(path, ManifestName))
            ? new("there is a run here already", path, $"Continue it with: hone run --resume {path}\n  or g{Elsewhere}")
            : new("there is something here already", path, $"G{Elsewhere}");
    }

    /// <summary>The former recipe stays beside the new one, numbered.</summary>
    private void Change(ResolvedRecipe recipe, TimeProvider clock)
    {
        Changes = RecipeText.Changes(Recipe.Value, recipe.Value);
        if (Changes.Count == 0) return;
        int number = 1;
        while (System.IO.File.Exists(File($"recipe.{number}.yaml"))) number++;
        _files.WriteFile(File($"recipe.{number}.yaml"), stream => stream.Write(System.IO.File.ReadAllBytes(File(RecipeName))));
        _files.WriteFile(File(RecipeName), Text(RecipeText.Show(recipe)));
        Recipe = recipe;
        WriteManifest(clock, finished: false);
    }

    private void WriteManifest(TimeProvider clock, bool finished, int? threads = null)
    {
        string now = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        _manifest = new RunManifest
        {
            Name = Recipe.Value.Name,
            Created = _manifest?.Created ?? now,
            Finished = finished ? now : null,
            Threads = threads ?? _manifest?.Threads,
            Files = !finished ? [] : [.. s_vouched.Where(name => System.IO.File.Exists(File(name)))
                .Select(name => FileDigest.Of(Path, name))],
            Origins = Recipe.Record(),
        };
        _files.WriteFile(File(ManifestName), stream => stream.Write(_manifest.ToBytes()));
    }
}
