using Hone.Runs;
using Hone.Training;

namespace Hone.Workflow;

/// <summary>Supervised fine-tuning of the base model: the policy that everything after is compared with.</summary>
public static class SftStage
{
    public static ModelRef Run(RunContext run, RunInputs inputs, ModelRef start)
    {
        StageFolder stage = run.OpenStage("sft", run.Identity.Sft(inputs, start));
        if (stage.Finished) return ModelRef.Of(stage);
        using ModelFolder model = run.Open(start.Folder, trainable: true);
        StageTrainer.Run(run, stage, model.Model, new SftObjective(), inputs.Sft, inputs.SftHeldOut, run.Recipe.Sft);
        run.SaveModel(model.Model, stage.File("model"), textFrom: start.Folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
