using Hone.Data;

namespace Hone.Server;

/// <summary>
/// The folder below which clients may name models to be served in place of one that is. The new one is opened beside the old, so that
/// a folder that cannot be served changes nothing; requests that have begun end on the weights that they began with.
/// </summary>
/// <param name="folder">Holds folders of models.</param>
internal sealed class WeightStore(string folder, string device, string dtype, SamplingFormat format = SamplingFormat.Auto)
{
    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
    private readonly Lock _loading = new();

    /// <summary>Ends when nothing is computed on the old weights any more.</summary>
    /// <param name="name">The model that is served; null where it is the only one.</param>
    /// <param name="path">Below the folder: its own name there, or the whole path.</param>
    /// <param name="version">What answers call the weights from then on.</param>
    /// <exception cref="ApiException">404: there is no such folder or model. 400: it is of the other kind.</exception>
    /// <exception cref="InputException">It is not a model that Hone can read.</exception>
    public Task LoadAsync(string? name, string path, string? version, ServedModels models)
    {
        string full = RequestedFolder.Below(_root, path) ?? throw new ApiException(
            404, "there is no such model below the folder of weights", "model_path", "weights_not_found");
        ServedModel old;
        lock (_loading)
        {
            old = models.FindOrOnly(name);
            ServedModel loaded = ServedModel.Open(full, old.Name, device, dtype, format, version);
            if (loaded.IsReward != old.IsReward)
            {
                _ = loaded.RetireAsync(); // nobody uses it
                throw ApiException.Invalid($"`{old.Name}` is a {(old.IsReward ? "reward" : "language")} model, and this is none",
                    "model_path");
            }
            models.Replace(old, loaded);
        }
        return old.RetireAsync();
    }
}
