using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Models.Tests;

public class WeightFolderTests
{
    private const string Tiny = "models/tinystories-656k-hf";

    [Fact]
    public void Published_values_of_tinystories_656k()
    {
        string folder = SharedData.Require(Tiny), published = SharedData.Require("vectors/param_values_published.jsonl");
        using DisposeScope scope = NewScope();
        Dictionary<string, Tensor> weights = WeightFolder.LoadWeights(folder, LlamaConfigFile.Load(folder), ScalarType.Float32, CPU);
        int checkedRows = 0;
        foreach (string line in File.ReadLines(published))
        {
            JsonElement row = JsonDocument.Parse(line).RootElement;
            string name = row.GetProperty("tensor").GetString()!;
            Tensor weight = weights[name.StartsWith("lm_head", StringComparison.Ordinal) ? WeightNames.Embedding : name];
            Assert.Equal(row.GetProperty("value").GetSingle(), weight.view(-1)[row.GetProperty("flat_index").GetInt64()].item<float>());
            checkedRows++;
        }

        Assert.Equal(11, checkedRows);
        Assert.DoesNotContain(WeightNames.LanguageModelHead, weights.Keys);
        Assert.Equal(656_000, weights.Values.Sum(w => w.numel()));
    }

    private static DisposeScope NewScope()
    {
        LibTorch.Load();
        return NewDisposeScope();
    }
}
