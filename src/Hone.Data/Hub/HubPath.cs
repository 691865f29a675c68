namespace Hone.Data;

/// <summary>
/// Hub ids wherever a path is taken: what is on this machine wins, an id is pulled, everything else is left to the
/// reader's own error.
/// </summary>
public static class HubPath
{
    /// <summary>Whether the text stands for a repository and not for a path that is here.</summary>
    public static bool IsHub(string given) => given.StartsWith(HubId.Scheme, StringComparison.Ordinal)
        || (!Path.Exists(given) && HubId.TryParse(given) is { } id && !Directory.Exists(id.Name.Split('/')[0]));

    /// <summary>The folder of a model: the path given, or the snapshot of <c>owner/name[@revision]</c>.</summary>
    /// <exception cref="InputException">As <see cref="HubClient.PullAsync"/>.</exception>
    public static string Model(string given, Action<string> say, Func<HubSettings>? settings = null)
    {
        if (!IsHub(given)) return given;
        HubId id = HubId.Parse(given);
        HubSelection selection = id.Path?.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) == true ? new HubSelection([id.Path], [])
            : id.Kind == "models" ? HubSelection.Model : new HubSelection([], []);
        string folder = Pull(id with { Path = null }, selection, say, settings);
        return id.Path is null ? folder : Path.Combine(folder, HubFileName.Require(id.Path, given));
    }

    /// <summary>A path or pattern of data files: the one given, or that of <c>hf://datasets/owner/name[@revision][/path]</c>.</summary>
    /// <exception cref="InputException">As <see cref="HubClient.PullAsync"/>.</exception>
    public static string Data(string given, Action<string> say, Func<HubSettings>? settings = null)
    {
        if (!given.StartsWith(HubId.Scheme, StringComparison.Ordinal)) return given;
        HubId id = HubId.Parse(given);
        return Path.Combine(Pull(id, HubSelection.Dataset, say, settings), id.Path ?? "**/*");
    }

    /// <summary>
    /// The folder or file given, or that of <c>hf://datasets/owner/name[@revision][/path]</c>, with the data files that
    /// Hone reads.
    /// </summary>
    /// <exception cref="InputException">As <see cref="HubClient.PullAsync"/>.</exception>
    public static string DatasetFolder(string given, Action<string> say, Func<HubSettings>? settings = null)
    {
        if (!given.StartsWith(HubId.Scheme, StringComparison.Ordinal)) return given;
        HubId id = HubId.Parse(given);
        return Path.Combine(Pull(id, HubSelection.Dataset, say, settings), id.Path ?? "");
    }

    private static string Pull(HubId id, HubSelection selection, Action<string> say, Func<HubSettings>? settings)
    {
        using var client = new HubClient((settings ?? HubSettings.FromEnvironment)(), say);
        return client.PullAsync(id, selection).GetAwaiter().GetResult();
    }
}
