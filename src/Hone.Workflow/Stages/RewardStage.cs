using Hone.Inference;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;

namespace Hone.Workflow;

/// <summary>The Bradley-Terry reward model. It sees labelled pairs, never the judge that labelled them.</summary>
internal static class RewardStage
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
        if (options.Margin > 0 && inputs.Preferences.All(p => p.Margin == 0))
            throw new InputException("reward.margin is set, but the preferences have neither a column margin nor scores",
                fix: "Name the column with data.columns (margin=NAME), or leave reward.margin out.");
        using PretrainedModel model = PretrainedModel.OpenAsNewRewardModel(start.Folder, run.Target, run.TrainingOf(stage));
        StageTrainer.Run(run, stage, model, options.Objective(),
            PromptExample.Group(inputs.Preferences), PromptExample.Group(inputs.PreferencesHeldOut), options);
        run.SaveModel(model.Model, stage.File("model"), from: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
