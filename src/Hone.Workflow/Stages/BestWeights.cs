using Hone.Data;
using Hone.Models;
using Hone.Runs;
using Hone.Runs.Metrics;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>
/// The trained weights as they were at the evaluation with the lowest held-out loss, kept beside the training states. What was best so
/// far is read from the stage's metrics, so a resumed training decides as an unbroken one does.
/// </summary>
internal sealed class BestWeights
{
    private const string FileName = "best.safetensors", Loss = "eval/loss";

    private readonly string _file;
    private readonly IReadOnlyDictionary<string, Tensor> _trained;
    private long _step;
    private double _loss = double.PositiveInfinity;

    public BestWeights(StageFolder stage, IReadOnlyDictionary<string, Tensor> trained)
    {
        (_file, _trained) = (stage.Beside(FileName), trained);
        string metrics = stage.File(StageFolder.MetricsName);
        if (!File.Exists(metrics)) return;
        foreach (MetricsRow row in MetricsRow.Read(metrics))
            if (row.Values.TryGetValue(Loss, out double loss) && loss < _loss) (_step, _loss) = (row.Step, loss);
    }

    /// <summary>After an evaluation.</summary>
    public void Offer(int step, IReadOnlyDictionary<string, double> metrics)
    {
        if (!(metrics[Loss] < _loss)) return;
        (_step, _loss) = (step, metrics[Loss]);
        Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
        Durable.WriteFile(_file, stream => SafetensorsWriter.Write(stream, _trained, ScalarType.Float32));
    }

    /// <summary>Gives the weights those values again; the step that they are of, and its loss.</summary>
    /// <returns>Null where nothing was ever evaluated.</returns>
    public (long Step, double Loss)? Restore()
    {
        if (double.IsPositiveInfinity(_loss)) return null;
        using var off = no_grad();
        using SafetensorsFile file = SafetensorsFile.Open(_file);
        foreach ((string name, Tensor weight) in _trained)
        {
            using Tensor best = file.Read(name, ScalarType.Float32, weight.device);
            weight.copy_(best);
        }
        return (_step, _loss);
    }
}
