using Hone.Inference;
using Hone.Runs;

namespace Hone.Workflow;

/// <summary>
/// A model folder and one text for its content: what a stage that starts from it depends on. Neither costs anything
/// before it is asked for: the folder of a stage's result is proved when it is to be read, a user's own is hashed when
/// the hash is needed.
/// </summary>
public sealed class ModelRef
{
    private readonly Lazy<string> _folder, _digest;

    private ModelRef(Func<string> folder, Func<string> digest, bool isStageResult = false) =>
        (_folder, _digest, IsStageResult) = (new(folder), new(digest), isStageResult);

    /// <exception cref="InputException">It is the result of a stage, and a file of it has changed.</exception>
    public string Folder => _folder.Value;

    public string Digest => _digest.Value;

    /// <summary>Whether a stage made it; else it is the user's own.</summary>
    internal bool IsStageResult { get; }

    /// <summary>A model that a finished stage left in a folder of its own.</summary>
    internal static ModelRef Of(StageFolder stage, string name = "model")
    {
        string digest = stage.Digest ?? throw new InvalidOperationException($"the stage {stage.Name} is not finished");
        return new(() => stage.File(name), () => name == "model" ? digest : $"{digest}/{name}", isStageResult: true);
    }

    /// <summary>A language model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder, or it holds something else.</exception>
    public static ModelRef LanguageModel(string folder) => LanguageModel(folder, null);

    internal static ModelRef LanguageModel(string folder, KnownDigests? known)
    {
        PretrainedModel.RequireLanguageModel(folder);
        return FromFolder(folder, known);
    }

    /// <summary>A model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder.</exception>
    public static ModelRef FromFolder(string folder) => FromFolder(folder, null);

    internal static ModelRef FromFolder(string folder, KnownDigests? known) => Path.Exists(folder)
        ? new(() => folder, () => ModelPath.Parts(folder).Aggregate("sha256:", (text, part) =>
            $"{text}{(text.EndsWith(':') ? "" : " on ")}{known?.OfPath(part) ?? FileDigest.OfPath(part)}"))
        : throw new InputException($"model: there is no file or folder {folder}");
}
