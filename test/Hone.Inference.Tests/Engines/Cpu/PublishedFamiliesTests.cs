using Hone.Inference.Engines.Cpu;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference.Tests.Engines.Cpu;

/// <summary>Every dense family against values computed elsewhere in float64: prompts whole and in pieces, then token by token.</summary>
public sealed class PublishedFamiliesTests
{
    public static TheoryData<string> Names()
    {
        var data = new TheoryData<string>();
        foreach (string name in FamilyVector.Models().Where(name => !name.Contains("moe", StringComparison.Ordinal))) data.Add(name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Log_probabilities_and_greedy_text(string name)
    {
        FamilyVector[] rows = FamilyVector.Of(name);
        string folder = SharedData.Require("models/" + name);
        LibTorch.Load();
        TransformerConfig config = ConfigFile.Load(folder);
        using var model = new Transformer(config, WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU), ScalarType.Float32);
        using var runner = new EngineRunner(model, CpuFormat.Float32);
        foreach (FamilyVector row in rows)
        {
            double tolerance = row.Tolerance;
            foreach ((int prompt, int piece) in ((int, int)[])[(1, 1), (row.Ids.Length / 2, 1000), (row.Ids.Length - 1, 7)])
            {
                int length = row.Ids.Length;
                // A sequence that grows beyond longrope's original length is computed anew by whoever drives the engine.
                List<float[]> logits = runner.Decode(row.Ids, prompt, piece, config.Rope.DependsOnLength ? _ => length : null);
                if (config.Rope.Scaling is { Type: "dynamic" }) continue;
                for (int i = 0; i < logits.Count - 1; i++)
                {
                    int target = row.Ids[prompt + i];
                    bool grown = config.Rope.Scaling is { Type: "longrope" } s && length > s.OriginalMaxPositions;
                    if (grown && prompt + i <= config.Rope.Scaling!.OriginalMaxPositions) continue;
                    Assert.Equal(row.LogProbs[prompt - 1 + i], LogProb(logits[i], target), tolerance);
                }
            }
            if (!config.Rope.DependsOnLength) Assert.Equal(row.Greedy, Greedy(runner, row.Ids, row.Greedy.Length));
        }
    }

    private static double LogProb(float[] logits, int token)
    {
        double most = logits.Max();
        return logits[token] - most - Math.Log(logits.Sum(l => Math.Exp(l - most)));
    }

    private static int[] Greedy(EngineRunner runner, int[] ids, int count)
    {
        int[] blocks = runner.NewBlocks(ids.Length + count);
        var found = new List<int>();
        float[] logits = runner.Run(new SequencePart(ids, 0, ids.Length, blocks, true))[0]!;
        while (true)
        {
            found.Add(Array.IndexOf(logits, logits.Max()));
            if (found.Count == count) return [.. found];
            int at = ids.Length + found.Count - 1;
            logits = runner.Run(new SequencePart(new[] { found[^1] }, at, at + 1, blocks, true))[0]!;
        }
    }
}
