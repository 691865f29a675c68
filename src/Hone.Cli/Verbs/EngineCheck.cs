using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;

namespace Hone.Cli;

/// <summary><c>hone doctor --engine-check</c>: the formats of the CPU engine beside the training model.</summary>
internal static class EngineCheck
{
    private const int Sequences = 8, Length = 128;

    public static void Run(Streams io, string path, bool json)
    {
        using PretrainedModel model = PretrainedModel.OpenLanguageModel(path, ComputeTarget.Parse("cpu", "float32"));
        int first = model.Text.Tokenizer.BosId ?? model.Model.Config.BosId ?? 0;
        int[][] starts = [.. Enumerable.Range(0, Sequences).Select(_ => new[] { first })];
        int length = Math.Min(Length, model.Model.Config.MaxPositions);
        var rows = new List<(string, JsonNode?)>();
        foreach (SamplingFormat format in Enum.GetValues<SamplingFormat>().Where(f => f != SamplingFormat.Auto))
        {
            ForwardEngines.Check(model.Model, format);
            string name = format.ToString().ToLowerInvariant();
            using IForwardEngine engine = ForwardEngines.Create(model.Model, format);
            EngineFidelity found = EngineFidelity.Measure(model.Model, engine, starts, length, seed: 1);
            rows.Add(($"{name}_mean_kl", Math.Round(found.MeanKl, 8)));
            rows.Add(($"{name}_same_top", Math.Round(found.TopAgreement, 4)));
            rows.Add(($"{name}_logprob_error", Math.Round(found.LogProbError, 6)));
        }
        ResultPrinter.Print(io.Out, json, rows);
    }
}
