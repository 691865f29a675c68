using Hone.Data;
using Hone.Models;
using Hone.Models.Gguf;

namespace Hone.Inference;

/// <summary>A model by what people call it: a folder, an adapter's folder, a GGUF file, or an id on a hub.</summary>
public static class ModelPath
{
    /// <summary>
    /// The model's folder. A GGUF file's is made in the cache (<c>$XDG_CACHE_HOME/hone/gguf</c>), with a link to the file; that of
    /// an adapter without configuration and tokenizer likewise (<c>hone/adapters</c>), with those of its base.
    /// </summary>
    /// <exception cref="InputException">The id cannot be pulled, or the file is broken or not supported.</exception>
    public static string Folder(string given, Action<string> say)
    {
        string path = HubPath.Model(given, say);
        if (GgufFolder.IsFile(path)) return GgufFolder.Open(path, Path.Combine(Cache, "hone", "gguf"));
        if (!PeftConfig.IsIn(path) || File.Exists(Path.Combine(path, ConfigFile.Name))) return path;
        PeftConfig peft = PeftConfig.Read(path);
        return AdapterFolder.Open(path, peft, Base(path, peft, say), Path.Combine(Cache, "hone", "adapters"));
    }

    /// <summary>
    /// As <see cref="Folder(string, Action{string})"/>, with a chat template in place of the model's own: the folder is made in the
    /// cache (<c>hone/templates</c>), with links to the weights.
    /// </summary>
    /// <param name="template">A well-known name such as chatml, or a .jinja file; null leaves the model as it is.</param>
    /// <exception cref="InputException">There is no such template, or the model lacks tokens that it writes.</exception>
    internal static string Folder(string given, string? template, Action<string> say) =>
        template is null ? Folder(given, say) : TemplateFolder.Open(Folder(given, say), template, Templates);

    /// <summary>The folder of what is on this machine.</summary>
    public static string Folder(string path) => GgufFolder.IsFile(path) || PeftConfig.IsIn(path) ? Folder(path, _ => { }) : path;

    /// <summary>The folder of the model that an adapter was trained on.</summary>
    /// <exception cref="InputException">It is not here, and cannot be pulled.</exception>
    public static string Base(string adapter, PeftConfig peft, Action<string>? say = null)
    {
        string named = peft.BaseModel;
        string? here = new[] { named, Path.Combine(adapter, named) }.FirstOrDefault(Path.Exists);
        if (here is null && HubId.TryParse(named) is null)
            throw new InputException($"The adapter's base model {named} is not here.", adapter,
                $"Write where it is, or its id on a hub, as base_model_name_or_path in {PeftConfig.FileName}.");
        string folder = Folder(here ?? named, say ?? (_ => { }));
        return PeftConfig.IsIn(folder)
            ? throw new InputException("The adapter's base model is an adapter itself.", adapter,
                "Merge that one first with hone export --merge, and name the result as base_model_name_or_path.")
            : folder;
    }

    /// <summary>All folders that a model's result depends on: its own, and where it is an adapter that of its base.</summary>
    /// <exception cref="InputException">As <see cref="Base"/>.</exception>
    public static IEnumerable<string> Parts(string folder) =>
        PeftConfig.IsIn(folder) ? [folder, Base(folder, PeftConfig.Read(folder))] : [folder];

    /// <summary>What an adapter trained on a model names as its base: the id on a hub where it came from one, else the folder.</summary>
    internal static string BaseName(string folder)
    {
        if (PeftConfig.IsIn(folder)) return PeftConfig.Read(folder).BaseModel;
        folder = TemplateFolder.Source(folder, Templates);
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        // A snapshot of the hub's cache: models--OWNER--NAME/snapshots/COMMIT.
        string? repository = Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(full)));
        return repository?.Split("--") is ["models", { } owner, { } name] ? $"{owner}/{name}" : full;
    }

    private static string Templates => Path.Combine(Cache, "hone", "templates");

    private static string Cache => Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache
        ? cache
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
}
