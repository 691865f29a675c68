using Hone.Inference;
using Hone.Training;
using Hone.Workflow.Runs;

namespace Hone.Workflow;

/// <summary>Supervised fine-tuning of the base model: the policy that everything after is compared with.</summary>
public static class SftStage
{
    public static ModelRef Run(RunContext run, RunInputs inputs, StageInputs data, ModelRef start)
    {
        StageFolder stage = run.OpenStage("sft", data.Copy().Add("start", start.Digest).AddOptions("sft", run.Recipe.Sft, "save_every").Add("precision", $"{run.Precision}"));
        if (stage.Finished) return ModelRef.Of(stage);
        using PretrainedModel model = run.Open(start.Folder, trainable: true);
        StageTrainer.Run(run, stage, model.Model, new SftObjective(), inputs.Sft, inputs.SftHeldOut, run.Recipe.Sft, run.Recipe.Sft.LearningRate);
        run.SaveModel(model.Model, stage.File("model"), textFrom: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
