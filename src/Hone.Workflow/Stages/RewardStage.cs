using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>The Bradley-Terry reward model. It sees labelled pairs, never the judge that labelled them.</summary>
public static class RewardStage
{
    public static ModelRef Run(RunContext run, RunInputs inputs, ModelRef baseModel, ModelRef sft)
    {
        RewardOptions options = run.Recipe.Reward;
        ModelRef start = options.StartFrom switch
        {
            "sft" => sft,
            "base" => baseModel,
            string folder => ModelRef.FromFolder(folder, run.Digests),
        };
        // An own, finished reward model is used as it is.
        if (!options.Enabled) return start;
        StageFolder stage = run.OpenStage("reward", run.Identity.Reward(inputs, start));
        if (stage.Finished) return ModelRef.Of(stage);
        using ModelFolder model = ModelFolder.OpenAsNewRewardModel(start.Folder, run.Device, run.Precision);
        StageTrainer.Run(run, stage, model.Model, new RewardObjective(), ComparisonExample.Group(inputs.Preferences),
            ComparisonExample.Group(inputs.PreferencesHeldOut), options);
        run.SaveModel(model.Model, stage.File("model"), textFrom: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
