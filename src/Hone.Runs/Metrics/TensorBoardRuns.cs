namespace Hone.Runs.Metrics;

/// <summary>
/// TensorBoard's view of a run while it goes on: a folder for each stage, so that TensorBoard shows each as a run of its own and
/// lays the iterations over each other. All of it is derived from the stages' metrics, and made anew when a stage is taken up.
/// </summary>
internal sealed class TensorBoardRuns(string root, TimeProvider clock) : IMetricsWatcher
{
    public const string FolderName = "tensorboard";

    private TensorBoardEvents? _events;

    public string Name => "TensorBoard";

    public void Begin(string stage, IReadOnlyList<MetricsRow> rows, bool more)
    {
        _events?.Dispose();
        _events = null;
        string folder = FolderOf(stage);
        if (!more && Directory.Exists(folder)) return; // they are there
        if (Directory.Exists(folder))
            foreach (string old in Directory.EnumerateFiles(folder, "*tfevents*")) File.Delete(old);
        foreach (MetricsRow row in rows) Append(stage, row.Step, row.Values);
    }

    public void Append(string stage, long step, IReadOnlyDictionary<string, double> values)
    {
        _events ??= TensorBoardEvents.In(FolderOf(stage), clock);
        _events.Append(step, values);
    }

    public void End()
    {
        // Its files are whole after every row.
    }

    public void Dispose() => _events?.Dispose();

    private string FolderOf(string stage) => Path.Combine([root, .. stage.Split('/')]);
}
