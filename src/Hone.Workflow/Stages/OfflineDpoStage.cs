using Hone.Inference;
using Hone.Data;
using Hone.Training;
using Hone.Workflow.Recipes;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>
/// Vanilla DPO on the given preference pairs, from SFT and against SFT. Two models on the way are kept, so that its win
/// rate can be drawn against its KL and not only compared at one point.
/// </summary>
public static class OfflineDpoStage
{
    /// <summary>The final model, and those after one and two thirds of the steps.</summary>
    public static (ModelRef Final, IReadOnlyList<string> OnTheWay) Run(RunContext run, RunInputs inputs, StageInputs data, ModelRef sft)
    {
        OfflineDpoOptions options = run.Recipe.OfflineDpo;
        // Where there is a reward model, pairs come through its limits first.
        StageFolder stage = run.OpenStage("offline-dpo", data.Copy().Add("start", sft.Digest).AddOptions("offline_dpo", options, "save_every")
            .AddKeys("reward", run.Recipe.Reward, "enabled", "max_length", "too_long").Add("precision", $"{run.Precision}"));
        string[] onTheWay = [stage.File("model-at-1-of-3"), stage.File("model-at-2-of-3")];
        if (stage.Finished) return (ModelRef.Of(stage), onTheWay);
        using PretrainedModel model = run.Open(sft.Folder, trainable: true);
        LengthRule rule = TrainingRows.DpoLengths(options, model.Text);
        var lengths = new DataReport("offline DPO pairs");
        IReadOnlyList<PromptExample> Referenced(IReadOnlyList<PreferenceExample> pairs) => ReferenceLogProbs.Attach(
            model.Model, PromptExample.Group(pairs.Select(p => rule.Apply(p, lengths)).OfType<PreferenceExample>()), run.ScoringTokens);
        IReadOnlyList<PromptExample> train = Referenced(inputs.Preferences), heldOut = Referenced(inputs.PreferencesHeldOut);
        if (lengths.Touched) run.Say(lengths.ToString());
        StageTrainer.Run(run, stage, model.Model, new DpoObjective(options.Beta, options.LabelSmoothing), train, heldOut, options, options.LearningRate,
            stepped: (step, total) =>
            {
                for (int third = 1; third <= 2; third++)
                    if (step == Math.Max(1, total * third / 3)) run.SaveModel(model.Model, onTheWay[third - 1], textFrom: sft.Folder);
            });
        run.SaveModel(model.Model, stage.File("model"), textFrom: sft.Folder);
        stage.Finish();
        return (ModelRef.Of(stage), onTheWay);
    }
}
