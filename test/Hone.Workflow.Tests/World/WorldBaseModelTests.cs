using Hone.Inference;
using Hone.Data;
using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.World;

/// <summary>The shipped base model fits the world of this build: its vocabulary, its text, its shape.</summary>
public sealed class WorldBaseModelTests
{
    [Fact]
    public void It_predicts_base_text_that_it_was_not_trained_on()
    {
        using var temp = new TempFolder();
        WorldBaseModel.Write(temp.File("model"));
        using PretrainedModel folder = PretrainedModel.Open(temp.File("model"), ComputeTarget.Parse("cpu", "float32"));
        using var scope = NewDisposeScope();
        using var off = no_grad();
        int begin = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), end = WorldTokenizer.IdOf(WorldTokenizer.End);
        var forest = new TokenForest();
        var scored = new ScoredTokens();
        foreach (BaseDocument document in SmallWorld.Create(WorldBaseModel.Seed + 1000).BaseDocuments(60))
            scored.AddSegment(forest, forest.AddRoot(document.Encode(part => folder.Text.Tokenizer.Encode(part), begin, end)), 0);
        double loss = -LogProbHead.LogProbs(folder.Model, folder.Model.Hidden(forest), scored).mean().item<float>();
        // A vocabulary in another order gives about 8, an untrained model ln 598 = 6.4; training ended at about 0.83.
        Assert.InRange(loss, 0.6, 1.0);
    }

    [Fact]
    public void It_is_as_small_as_promised()
    {
        using var temp = new TempFolder();
        WorldBaseModel.Write(temp.File("model"));
        using PretrainedModel folder = PretrainedModel.Open(temp.File("model"), ComputeTarget.Parse("cpu", "float32"));
        Assert.InRange(folder.Model.Weights.Values.Sum(w => w.numel()), 600_000, 4_000_000);
        Assert.InRange(new FileInfo(Path.Combine(temp.File("model"), "model.safetensors")).Length, 1, 4 << 20);
    }
}
