using Hone.Inference;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>A model folder and one hash for its content: what a stage that starts from it depends on.</summary>
public sealed record ModelRef(string Folder, string Digest)
{
    /// <summary>The model that a finished stage left in its folder <c>model</c>.</summary>
    public static ModelRef Of(StageFolder stage) =>
        new(stage.File("model"), stage.Digest ?? throw new InvalidOperationException($"the stage {stage.Name} is not finished"));

    /// <summary>A language model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder, or it holds something else.</exception>
    public static ModelRef LanguageModel(string folder)
    {
        PretrainedModel.RequireLanguageModel(folder);
        return FromFolder(folder);
    }

    /// <summary>A model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder.</exception>
    public static ModelRef FromFolder(string folder) => new(folder, new StageInputs().AddContent("model", folder).Values["model"]);
}
