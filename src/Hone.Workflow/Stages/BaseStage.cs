using Hone.Runs;
using Hone.Workflow.World;

namespace Hone.Workflow;

/// <summary>The embedded world's base model, laid out in the run folder.</summary>
internal static class BaseStage
{
    public static ModelRef Run(RunContext run)
    {
        StageFolder stage = run.OpenStage("base", StageIdentity.Base(WorldBaseModel.Digest));
        if (stage.Finished) return ModelRef.Of(stage);
        WorldBaseModel.Write(stage.File("model"));
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
