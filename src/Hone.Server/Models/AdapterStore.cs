using Hone.Data;
using Hone.Inference;
using Hone.Models;

namespace Hone.Server;

/// <summary>
/// The folder below which clients may name adapters to be served, and those that are. An adapter is opened on its base as a model
/// of its own; the base must be one that is served, so that a client brings nothing in but what lies here.
/// </summary>
/// <param name="folder">Holds PEFT folders.</param>
internal sealed class AdapterStore(
    string folder, string device, string dtype, SamplingFormat format = SamplingFormat.Auto)
{
    private readonly string _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
    private readonly Lock _loading = new();
    private readonly HashSet<string> _loaded = [];

    /// <param name="path">Below the folder: its own name there, or the whole path.</param>
    /// <exception cref="ApiException">404: there is no such adapter. 400: the name is taken, or it cannot be served.</exception>
    public void Load(string name, string path, ServedModels models)
    {
        string full = Below(path);
        lock (_loading)
        {
            if (models.All.Any(m => m.Name == name))
                throw ApiException.Invalid($"a model named `{name}` is served already", "lora_name", "name_taken");
            string asked = ModelPath.BaseName(full);
            if (!models.All.Any(m => IsBase(m.Folder, asked, full)))
                throw ApiException.Invalid($"the adapter's base `{asked}` is not served here", "lora_path", "no_base");
            models.Add(ServedModel.Open(full, name, device, dtype, format));
            _loaded.Add(name);
        }
    }

    /// <summary>Ends when the adapter's requests have ended.</summary>
    /// <exception cref="ApiException">404: no such adapter was loaded.</exception>
    public async Task UnloadAsync(string name, ServedModels models)
    {
        ServedModel model;
        lock (_loading)
        {
            if (!_loaded.Remove(name))
                throw new ApiException(404, $"no adapter named `{name}` was loaded", "lora_name", "model_not_found");
            model = models.Find(name);
        }
        await models.RemoveAsync(model).ConfigureAwait(false);
    }

    private static bool IsBase(string served, string asked, string adapter) =>
        ModelPath.BaseName(served) == asked
        || Path.GetFullPath(served) == Path.GetFullPath(asked)
        || Path.GetFullPath(served) == Path.GetFullPath(Path.Combine(adapter, asked));

    private string Below(string path) => RequestedFolder.Below(_root, path) is { } full && PeftConfig.IsIn(full) ? full
        : throw new ApiException(404, "there is no such adapter below the folder of adapters", "lora_path", "adapter_not_found");
}
