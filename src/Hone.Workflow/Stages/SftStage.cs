using Hone.Inference;
using Hone.Runs;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>Supervised fine-tuning of the base model: the policy that everything after is compared with.</summary>
internal static class SftStage
{
    public static ModelRef Run(RunContext run, RunInputs inputs, ModelRef start)
    {
        StageFolder stage = run.OpenStage("sft", run.Identity.Sft(inputs, start));
        if (stage.Finished) return ModelRef.Of(stage);
        using PretrainedModel model = run.OpenToTrain(start.Folder, stage);
        StageTrainer.Run(run, stage, model, new SftObjective(), inputs.Sft, inputs.SftHeldOut, run.Recipe.Sft);
        run.SaveModel(model.Model, stage.File("model"), from: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
