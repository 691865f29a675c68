using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Training;

/// <summary>Supervised fine-tuning: cross-entropy, the mean over the learnt tokens of the whole batch.</summary>
public sealed class SftObjective : IObjective<SftExample>
{
    public int Tokens(SftExample example) => example.Ids.Length;

    public int BatchUnits(SftExample example) => 1;

    // The first token has nothing that predicts it.
    public int LossUnits(SftExample example) => example.LossMask.Skip(1).Count(m => m);

    public int HeadRows(SftExample example) => LossUnits(example);

    public Tensor Loss(Transformer model, IReadOnlyList<SftExample> examples, StepMetrics metrics)
    {
        ForestBatch batch = ForestBatch.Of(examples);
        return -LogProbHead.Sum(model, model.Hidden(batch.Forest), batch.Scored);
    }
}
