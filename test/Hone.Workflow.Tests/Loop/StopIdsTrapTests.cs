using Hone.Inference;
using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>
/// Trap 1: the released model's generation_config names 128001 where it was trained to end with 128009. An answer ends at
/// every end token that any file of the model names.
/// </summary>
public sealed class StopIdsTrapTests : IDisposable
{
    private const int InGenerationConfig = 300, Word = 301;
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trap_1_answers_end_at_the_end_tokens_of_every_file()
    {
        int inConfig = WorldTokenizer.IdOf(WorldTokenizer.End), inTokenizer = WorldTokenizer.IdOf(WorldTokenizer.User);
        int[] ends = [inConfig, inTokenizer, InGenerationConfig];
        string folder = _folder.File("model");
        WriteModelThatSays(folder, [.. ends, Word]);
        File.WriteAllText(Path.Combine(folder, "generation_config.json"), $$"""{"eos_token_id": [{{InGenerationConfig}}]}""");
        string tokenizer = Path.Combine(folder, "tokenizer_config.json");
        File.WriteAllText(tokenizer, File.ReadAllText(tokenizer)
            .Replace($"\"eos_token\": \"{WorldTokenizer.End}\"", $"\"eos_token\": \"{WorldTokenizer.User}\"", StringComparison.Ordinal));

        using PretrainedModel model = PretrainedModel.Open(folder, ComputeTarget.Parse("cpu", "float32"));
        Assert.Equal((inConfig, inTokenizer), (Assert.Single(model.Model.Config.EosIds), model.Text.Tokenizer.EosId!.Value));
        IReadOnlyList<Completion> answers = model.CreateEngine().Generate(
            [new GenerationRequest([WorldTokenizer.IdOf(WorldTokenizer.BeginOfText)],
                new SamplingOptions { DoSample = true, MaxNewTokens = 100, Seed = 1 }, 100)],
            cancel: TestContext.Current.CancellationToken);
        Assert.All(answers, answer =>
        {
            Assert.Equal(FinishReasons.Stop, answer.FinishReason);
            Assert.Contains(answer.Ids[^1], ends);
            Assert.All(answer.Ids[..^1], id => Assert.Equal(Word, id));
        });
        Assert.Equal(ends.Order(), answers.Select(a => a.Ids[^1]).Distinct().Order());
    }

    /// <summary>A model that gives these tokens equal chances at every place, and others next to none.</summary>
    private static void WriteModelThatSays(string folder, int[] ids)
    {
        LibTorch.Load();
        TransformerConfig config = TinyModel.Config with { TieEmbeddings = false };
        Dictionary<string, Tensor> weights = RandomWeights.Create(config, seed: 1);
        foreach ((string name, Tensor weight) in weights)
        {
            if (name.EndsWith("o_proj.weight", StringComparison.Ordinal) || name.EndsWith("down_proj.weight", StringComparison.Ordinal))
                weight.zero_();
        }
        weights["model.embed_tokens.weight"].fill_(1);
        weights["lm_head.weight"].zero_();
        foreach (int id in ids) weights["lm_head.weight"][id].fill_(2);
        WorldTokenizer.Write(folder + ".tokenizer");
        CheckpointFolder.Save(folder, weights, config, ScalarType.Float32, folder + ".tokenizer");
    }
}
