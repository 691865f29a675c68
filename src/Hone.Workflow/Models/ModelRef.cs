using Hone.Models;
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
    public static ModelRef LanguageModel(string folder) => ConfigFile.Load(folder).IsRewardModel
        ? throw new InputException("This is a reward model; a language model is needed here.", folder)
        : FromFolder(folder);

    /// <summary>A reward model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder, or it holds something else.</exception>
    public static ModelRef RewardModel(string folder) => ConfigFile.Load(folder).IsRewardModel
        ? FromFolder(folder)
        : throw new InputException("This is a language model; a reward model is needed here.", folder, "hone reward trains one.");

    /// <summary>A model of the user's own.</summary>
    /// <exception cref="InputException">There is no such folder.</exception>
    public static ModelRef FromFolder(string folder) => new(folder, new StageInputs().AddContent("model", folder).Values["model"]);
}
