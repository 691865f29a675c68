namespace Hone.Workflow.Workers;

/// <summary>A model of a server, and the weights that it has been brought to.</summary>
internal sealed class WorkerModel(string name, bool isReward)
{
    private readonly Lock _gate = new();
    private (bool Known, string? Version) _told;

    public string Name => name;

    public bool IsReward => isReward;

    /// <summary>What the server itself calls its weights; null where it says nothing.</summary>
    public string? Told
    {
        get => _told.Version;
        set => _told = (true, value);
    }

    /// <summary>The weights that it was brought to here; null for those that it was started with.</summary>
    public string? Version { get; private set; }

    /// <summary>The adapter that is asked in place of the model.</summary>
    public string? Adapter { get; private set; }

    public string AskedAs => Adapter ?? name;

    /// <summary>Other weights answer from here on; what they are called is told by the next answer.</summary>
    public void Switch(string version, string? adapter)
    {
        (Version, Adapter, _told) = (version, adapter, default);
    }

    /// <summary>Whether all answers come from the same weights.</summary>
    /// <exception cref="FormatException">Others have answered.</exception>
    public void RequireSame(string? version)
    {
        lock (_gate)
        {
            if (!_told.Known) _told = (true, version);
            else if (version != _told.Version)
                throw new FormatException($"the weights `{version}` answered in place of `{_told.Version}`");
        }
    }
}
