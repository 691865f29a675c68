using Hone.Data;
using Hone.Models;
using Hone.Training;
using Hone.Workflow.Runs;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>The embedded world's base model, trained from scratch in the run: it stands for a checkpoint that one would download.</summary>
public static class BaseStage
{
    public static ModelRef Run(RunContext run)
    {
        StageFolder stage = run.OpenStage("base", new StageInputs().Add("seed", $"{run.Seed}").AddOptions("base", WorldBaseModel.Options, "save_every"));
        if (stage.Finished) return ModelRef.Of(stage);
        string folder = stage.File("model");
        WorldTokenizer.Write(folder);
        ModelText text = ModelText.Load(folder);
        using var model = new Llama(
            WorldBaseModel.Config, LlamaInit.Random(WorldBaseModel.Config, Seeds.Derive(run.Seed, "base weights")), ScalarType.Float32);
        IReadOnlyList<SftExample> examples = WorldBaseModel.Examples(SmallWorld.Create(run.Seed), text.Tokenizer);
        StageTrainer.Run(run, stage, model, new SftObjective(), examples, [], WorldBaseModel.Options, WorldBaseModel.Options.LearningRate);
        run.SaveModel(model, folder, textFrom: folder);
        stage.Finish();
        return ModelRef.Of(stage);
    }
}
