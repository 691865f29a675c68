using Hone.Inference;
using Hone.Data;
using Hone.Training;
using Hone.Workflow.Recipes;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>The Bradley-Terry reward model. It sees labelled pairs, never the judge that labelled them.</summary>
public static class RewardStage
{
    public static ModelRef Run(RunContext run, RunInputs inputs, StageInputs data, ModelRef baseModel, ModelRef sft)
    {
        RewardOptions options = run.Recipe.Reward;
        ModelRef start = options.StartFrom switch
        {
            "sft" => sft,
            "base" => baseModel,
            string folder => ModelRef.FromFolder(folder),
        };
        // An own, finished reward model is used as it is.
        if (!options.Enabled) return start;
        StageFolder stage = run.OpenStage("reward", data.Copy().Add("start", start.Digest).AddOptions("reward", options, "save_every").Add("precision", $"{run.Precision}"));
        if (stage.Finished) return ModelRef.Of(stage);
        using PretrainedModel model = PretrainedModel.OpenAsNewRewardModel(start.Folder, run.Target);
        StageTrainer.Run(run, stage, model.Model, new RewardObjective(), PromptExample.Group(inputs.Preferences),
            PromptExample.Group(inputs.PreferencesHeldOut), options, options.LearningRate);
        run.SaveModel(model.Model, stage.File("model"), textFrom: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
