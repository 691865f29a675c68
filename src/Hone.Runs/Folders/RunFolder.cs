using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Runs.Recipes;

namespace Hone.Runs;

/// <summary>
/// The folder of a run: <c>recipe.yaml</c> (resolved), <c>manifest.json</c>, <c>metrics.jsonl</c>, <c>timing.jsonl</c>,
/// <c>log.jsonl</c>, TensorBoard events, a folder per stage. Held by one process at a time.
/// </summary>
public sealed class RunFolder : IDisposable
{
    private const string ManifestName = "manifest.json";
    private readonly RunLock _lock;
    private readonly IDurableFiles _files;

    private RunFolder(string path, ResolvedRecipe recipe, RunLock held, IDurableFiles files) =>
        (Path, Recipe, _lock, _files) = (path, recipe, held, files);

    public string Path { get; }

    /// <summary>The recipe of the run; on resume as stored, with the overrides laid over it.</summary>
    public ResolvedRecipe Recipe { get; private set; }

    /// <summary>On resume: each value that differs from the stored recipe, as <c>key: old -> new</c>.</summary>
    public IReadOnlyList<string> Changes { get; private set; } = [];

    public string MetricsPath => File("metrics.jsonl");

    public string TimingPath => File("timing.jsonl");

    public string LogPath => File("log.jsonl");

    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary><c>ROOT/DATE-NAME</c>.</summary>
    public static string DefaultPath(string root, string name, TimeProvider clock) =>
        System.IO.Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"{clock.GetLocalNow():yyyy-MM-dd}-{name}"));

    /// <summary>Whether a run was begun at that path: its manifest is there.</summary>
    public static bool Exists(string path) => System.IO.File.Exists(System.IO.Path.Combine(path, ManifestName));

    /// <summary>Makes the folder of a new run and takes its lock.</summary>
    /// <exception cref="InputException">There is something at that path already; nothing is overwritten.</exception>
    public static RunFolder Create(string path, ResolvedRecipe recipe, TimeProvider clock, IDurableFiles? files = null)
    {
        files ??= DurableFiles.Instance;
        path = System.IO.Path.GetFullPath(path);
        if (System.IO.Path.Exists(path) && !IsUnborn(path)) throw Taken(path);
        RunLock held;
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
            files.WriteFile(System.IO.Path.Combine(path, "recipe.yaml"), Text(RecipeText.Show(recipe)));
            RunFolder run = new(path, recipe, held, files);
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
            JsonObject? manifest = SealedJson.Read(System.IO.Path.Combine(path, ManifestName), out string? problem);
            if (manifest is null) throw new InputException(problem!, path);
            IReadOnlyDictionary<string, (string, string)> origins = Origins(manifest);
            string recipePath = System.IO.Path.Combine(path, "recipe.yaml");
            ResolvedRecipe stored = ResolvedRecipe.Load(recipePath).WithRecorded(origins);
            RunFolder run = new(path, stored, held, files);
            if (overrides is { Count: > 0 }) run.Change(ResolvedRecipe.Load(recipePath, overrides).WithRecorded(origins), clock);
            return run;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Records that all stages are done.</summary>
    public void MarkFinished(TimeProvider clock) => WriteManifest(clock, finished: true);

    /// <summary>Runs below a folder, newest name last, with whether each is finished.</summary>
    public static IReadOnlyList<(string Path, JsonObject Manifest)> List(string root) => !Directory.Exists(root) ? [] :
        [.. Directory.EnumerateDirectories(root).Order(StringComparer.Ordinal)
            .Select(p => (Path: p, Manifest: SealedJson.Read(System.IO.Path.Combine(p, ManifestName), out _)!))
            .Where(r => r.Manifest is not null)];

    /// <summary>Whether a process works on the run at this moment.</summary>
    public static bool InUse(string path)
    {
        try
        {
            using FileStream held = new(System.IO.Path.Combine(path, RunLock.FileName), FileMode.Open, FileAccess.ReadWrite,
                FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    public void Dispose() => _lock.Dispose();

    /// <summary>Whether all that is there is what a kill left of a run folder before it had its manifest.</summary>
    private static bool IsUnborn(string path) => System.IO.File.Exists(System.IO.Path.Combine(path, RunLock.FileName)) && Directory
        .EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName)
        .All(name => name is RunLock.FileName or RunLock.OwnerName or "recipe.yaml"
            || DurableFolders.IsPartial(name!));

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
        _files.WriteFile(File($"recipe.{number}.yaml"), stream => stream.Write(System.IO.File.ReadAllBytes(File("recipe.yaml"))));
        _files.WriteFile(File("recipe.yaml"), Text(RecipeText.Show(recipe)));
        Recipe = recipe;
        WriteManifest(clock, finished: false);
    }

    private static Dictionary<string, (string Value, string Origin)> Origins(JsonObject manifest) => (manifest["origins"]?.AsObject() ?? [])
        .ToDictionary(o => o.Key, o => ((string)o.Value!["value"]!, (string)o.Value["origin"]!));

    private void WriteManifest(TimeProvider clock, bool finished)
    {
        string now = clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        JsonObject? before = SealedJson.Read(File(ManifestName), out _);
        byte[] manifest = SealedJson.Seal(new JsonObject
        {
            ["hone"] = typeof(RunFolder).Assembly.GetName().Version?.ToString(3),
            ["name"] = Recipe.Value.Name,
            ["created"] = before is null ? now : (string?)before["created"],
            ["finished"] = finished ? now : null,
            ["origins"] = new JsonObject(Recipe.Record().Select(r => KeyValuePair.Create(r.Key,
                (JsonNode?)new JsonObject { ["value"] = r.Value.Value, ["origin"] = r.Value.Origin }))),
        });
        _files.WriteFile(File(ManifestName), stream => stream.Write(manifest));
    }
}
