using Hone.Data;
using Hone.Runs;
using Hone.Runs.Metrics;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Stages;

public sealed class BestWeightsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_weights_of_the_lowest_loss_come_back_also_in_another_process()
    {
        using var metrics = new RunMetrics(_folder.File("metrics.jsonl"));
        StageFolder stage = new StageStore(_folder.Path, metrics, new KnownDigests(_folder.Path), DurableFiles.Instance, 1, _ => { })
            .Open("sft", new StageInputs());
        using Tensor weight = zeros(3);
        var trained = new Dictionary<string, Tensor> { ["w"] = weight };
        void Evaluate(BestWeights at, int step, double loss)
        {
            weight.fill_(step);
            var values = new Dictionary<string, double> { ["eval/loss"] = loss };
            stage.Append(step, values);
            at.Offer(step, values);
        }
        var best = new BestWeights(stage, trained);
        Assert.Null(best.Restore());
        Evaluate(best, 1, 3);
        Evaluate(best, 2, 1);
        Evaluate(best, 3, 2);
        var again = new BestWeights(stage, trained);
        Evaluate(again, 4, 1.5);
        Assert.Equal((2, 1.0), again.Restore());
        Assert.Equal([2f, 2f, 2f], weight.data<float>().ToArray());
        stage.Finish();
        Assert.False(File.Exists(stage.Beside("best.safetensors")));
    }
}
