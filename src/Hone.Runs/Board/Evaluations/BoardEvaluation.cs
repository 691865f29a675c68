using System.Globalization;
using System.Text;

namespace Hone.Runs;

/// <summary>What evaluations of one model left in one folder: of each task the newest figures.</summary>
/// <param name="Id">
/// What addresses call it: the folder, as its way from the board's own, with the model where others lie there too, and the time where
/// the model has had other weights since.
/// </param>
/// <param name="Time">Of the newest file, as its name has it.</param>
/// <param name="Problem">Why a file cannot be read; null where all can.</param>
internal sealed record BoardEvaluation(string Id, string Model, string Time, IReadOnlyList<EvaluatedTask> Tasks,
    IReadOnlyDictionary<string, string> Settings, IReadOnlyList<string> Warnings, string? Problem)
{
    /// <summary>How far below the board's folder results are looked for.</summary>
    public const int Depth = 4;

    /// <summary>How many files of results are read: the newest.</summary>
    private const int MostFiles = 400;

    /// <summary>When it was made, as people read it, UTC.</summary>
    public string Made => DateTime.TryParseExact(Time.Split('.')[0], "yyyy-MM-dd'T'HH-mm-ss", CultureInfo.InvariantCulture,
        DateTimeStyles.None, out DateTime time) ? time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) : Time;

    public EvaluatedTask? Task(string name) => Tasks.FirstOrDefault(t => t.Name == name);

    /// <summary>The results in a folder and below it, the newest first; links are not followed.</summary>
    public static IReadOnlyList<FileInfo> FilesIn(string root, int depth = Depth)
    {
        if (!Directory.Exists(root)) return [];
        var options = new EnumerationOptions
        {
            RecurseSubdirectories = true, MaxRecursionDepth = depth, AttributesToSkip = FileAttributes.ReparsePoint,
        };
        return [.. new DirectoryInfo(root).EnumerateFiles("results_*.json", options)
            .OrderByDescending(f => EvaluationFile.TimeOf(f.Name), StringComparer.Ordinal).Take(MostFiles)];
    }

    /// <summary>Changes with every file of results that comes, goes or is written.</summary>
    public static string VersionOf(IEnumerable<FileInfo> found)
    {
        var text = new StringBuilder();
        foreach (FileInfo file in found)
            text.Append(CultureInfo.InvariantCulture, $"\n{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}");
        return text.ToString();
    }

    /// <summary>The evaluations that some files hold, the newest first.</summary>
    /// <param name="root">Whose names of folders begin behind it.</param>
    public static IReadOnlyList<BoardEvaluation> Of(IReadOnlyList<FileInfo> found, string root, RunFiles files)
    {
        List<BoardEvaluation> all = [];
        foreach (IGrouping<string, FileInfo> folder in found.GroupBy(f => f.DirectoryName!))
        {
            string id = Path.GetRelativePath(root, folder.Key).Replace('\\', '/');
            if (id == ".") id = Path.GetFileName(Path.TrimEndingDirectorySeparator(folder.Key));
            (FileInfo File, EvaluationFile? Read, string? Problem)[] read = [.. folder.Select(f => Open(f, files))];
            var models = read.GroupBy(r => r.Read?.Model ?? "damaged").ToArray();
            foreach (var model in models)
                foreach ((int before, var weights) in model.GroupBy(r => r.Read?.Identity ?? "").Index())
                {
                    BoardEvaluation merged = Merged(id, [.. weights]);
                    string name = models.Length == 1 ? id : $"{id}: {model.Key}";
                    all.Add(merged with { Id = before == 0 ? name : $"{name}, {merged.Made}" });
                }
        }
        return all;
    }

    /// <summary>Of files of the same weights, the newest first.</summary>
    private static BoardEvaluation Merged(string id, (FileInfo File, EvaluationFile? Read, string? Problem)[] files)
    {
        EvaluationFile[] read = [.. files.Select(f => f.Read).OfType<EvaluationFile>()];
        Dictionary<string, string> settings = [];
        foreach ((string key, string value) in read.SelectMany(f => f.Settings)) settings.TryAdd(key, value);
        return new BoardEvaluation(id, read.Length == 0 ? "" : read[0].Model, EvaluationFile.TimeOf(files[0].File.Name),
            [.. read.SelectMany(f => f.Tasks).DistinctBy(t => t.Name)], settings, [.. read.SelectMany(f => f.Warnings).Distinct()],
            files.Select(f => f.Problem).FirstOrDefault(p => p is not null));
    }

    private static (FileInfo, EvaluationFile?, string?) Open(FileInfo file, RunFiles files)
    {
        try
        {
            return (file, files.Evaluation(file.FullName), null);
        }
        catch (Exception e) when (e is InputException or IOException or UnauthorizedAccessException)
        {
            return (file, null, e.Message);
        }
    }
}
