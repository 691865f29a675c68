using Hone.Data;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

/// <summary>
/// Every family against values computed elsewhere in float64 and checked with llama.cpp: through the forward pass of
/// training, through a prompt pass and through decoding, in both formats of <c>config.json</c>.
/// </summary>
public sealed class FamilyForwardTests
{
    public static TheoryData<string, string> Models()
    {
        var data = new TheoryData<string, string>();
        foreach (string name in FamilyVector.Models())
        {
            data.Add(name, "config.json");
            data.Add(name, "the other format");
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void All_rows_of_the_family_through_training_forward_prompt_and_decode(string name, string config)
    {
        FamilyVector[] rows = FamilyVector.Of(name);
        using var scope = NewDisposeScope();
        using var off = no_grad();
        using Transformer model = Load(name, config);
        Assert.True(rows.Length >= 3);
        foreach (FamilyVector row in rows)
        {
            double tolerance = row.Tolerance;
            AssertClose(row.LogProbs, Trained(model, row.Ids), tolerance, $"{row.Ids.Length} tokens, training");
            // With longrope what comes before the original length is another sequence's as long as it is no longer.
            int from = model.Config.Rope.Scaling is { Type: "longrope" } s && row.Ids.Length > s.OriginalMaxPositions
                ? s.OriginalMaxPositions
                : 0;
            foreach (int prompt in (int[])[1, row.Ids.Length / 2])
                AssertClose(row.LogProbs[from..], Decoded(model, row.Ids, prompt)[from..],
                    tolerance, $"{row.Ids.Length} tokens, decoded from {prompt}");
            Assert.Equal(row.Greedy, DecodedRows.Greedy(model, row.Ids, row.Greedy.Length));
        }
    }

    private static Transformer Load(string name, string configFile)
    {
        string folder = SharedData.Require($"models/{name}");
        using TempFolder other = new();
        string configFolder = folder;
        if (configFile != "config.json")
        {
            string file = Directory.GetFiles(folder, "config.v?.json").Single();
            File.Copy(file, other.File("config.json"));
            configFolder = other.Path;
        }
        TransformerConfig config = ConfigFile.Load(configFolder);
        return new Transformer(config, WeightFolder.LoadWeights(folder, config, ScalarType.Float32, CPU), ScalarType.Float32);
    }

    private static float[] Trained(Transformer model, int[] ids)
    {
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        var scored = new ScoredTokens();
        scored.AddSegment(forest, forest.AddRoot(ids), 0);
        return LogProbHead.LogProbs(model, model.Hidden(forest), scored).data<float>().ToArray();
    }

    /// <summary>Log-probabilities from the prompt's end on by single steps; those inside the prompt are the expected ones' own.</summary>
    private static float[] Decoded(Transformer model, int[] ids, int prompt)
    {
        using var decoded = new DecodedRows(model);
        var found = new List<float>(Trained(model, ids)[..(prompt - 1)]);
        using var scope = NewDisposeScope();
        found.Add(decoded.Prompt(ids[..prompt]).log_softmax(0)[ids[prompt]].item<float>());
        for (int t = prompt; t < ids.Length - 1; t++)
            found.Add(decoded.Step(ids[t])[0].log_softmax(0)[ids[t + 1]].item<float>());
        return [.. found];
    }

    private static void AssertClose(float[] expected, float[] found, double tolerance, string what)
    {
        Assert.Equal(expected.Length, found.Length);
        double worst = expected.Zip(found, (e, f) => Math.Abs(e - (double)f)).Max();
        Assert.True(worst <= tolerance, $"{what}: {worst:E2} from the expected log-probabilities, allowed {tolerance:E0}");
    }
}
