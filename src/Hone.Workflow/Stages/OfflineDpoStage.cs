using Hone.Inference;
using Hone.Data;
using Hone.Runs;
using Hone.Runs.Recipes;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>
/// Vanilla DPO on the given preference pairs, from SFT and against SFT. Two models on the way are kept, so that its win
/// rate can be drawn against its KL and not only compared at one point.
/// </summary>
internal static class OfflineDpoStage
{
    /// <summary>The final model, and those after one and two thirds of the steps.</summary>
    public static (ModelRef Final, IReadOnlyList<ModelRef> OnTheWay) Run(RunContext run, RunInputs inputs, ModelRef sft)
    {
        OfflineDpoOptions options = run.Recipe.OfflineDpo;
        StageFolder stage = run.OpenStage("offline-dpo", run.Identity.OfflineDpo(inputs, sft));
        if (stage.Finished) return Models(stage);
        using PretrainedModel model = run.OpenToTrain(sft.Folder, stage);
        LengthRule rule = TrainingRows.DpoLengths(options, model.Text);
        var lengths = new DataReport("offline DPO pairs");
        IReadOnlyList<PromptExample> Referenced(IReadOnlyList<PreferenceExample> pairs) => ReferenceLogProbs.Attach(
            model.Model, PromptExample.Group(pairs.Select(p => rule.Apply(p, lengths)).OfType<PreferenceExample>()), run.ScoringTokens);
        IReadOnlyList<PromptExample> train = Referenced(inputs.Preferences), heldOut = Referenced(inputs.PreferencesHeldOut);
        if (lengths.Touched) run.Say(lengths.ToString());
        StageTrainer.Run(run, stage, model.Model, new DpoObjective(options.Losses()), train, heldOut, options,
            stepped: (step, total) =>
            {
                for (int third = 1; third <= 2; third++)
                    if (step == Math.Max(1, total * third / 3))
                        run.SaveModel(model.Model, stage.File(OnTheWay(third)), from: sft.Folder);
            });
        run.SaveModel(model.Model, stage.File("model"), from: sft.Folder);
        stage.Finish();
        return Models(stage);
    }

    private static string OnTheWay(int third) => $"model-at-{third}-of-3";

    private static (ModelRef Final, IReadOnlyList<ModelRef> OnTheWay) Models(StageFolder stage) =>
        (ModelRef.Of(stage), [ModelRef.Of(stage, OnTheWay(1)), ModelRef.Of(stage, OnTheWay(2))]);
}
