using Hone.Inference;
using Hone.Models;
using Hone.Workflow.World;
using static TorchSharp.torch;

namespace Hone.Workflow.Tests.Loop;

/// <summary>Trap 8: the public code's final save gives a model that does not load. Every model that a run saves is loaded here.</summary>
public sealed class SavedModelTrapTests(Unbroken unbroken) : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("sft/model")]
    [InlineData("reward/model")]
    [InlineData("offline-dpo/model-at-1-of-3")]
    [InlineData("offline-dpo/model-at-2-of-3")]
    [InlineData("offline-dpo/model")]
    [InlineData("online-1/dpo/model")]
    [InlineData("online-2/dpo/model")]
    [InlineData("model")]
    public void Trap_8_a_saved_model_loads_and_saves_to_the_same_bytes(string name)
    {
        string folder = unbroken.Run.File(name), again = _folder.File("again");
        using PretrainedModel model = PretrainedModel.Open(folder, ComputeTarget.Parse("cpu", "float32"));
        CheckpointFolder.Save(again, model.Model.Weights, model.Model.Config, ScalarType.Float32, folder);
        foreach (string file in new[] { "model.safetensors", "config.json",
            "generation_config.json", "tokenizer.json", "chat_template.jinja" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, file)), File.ReadAllBytes(Path.Combine(again, file)));
        if (model.Model.Config.IsRewardModel) return;
        Completion answer = Assert.Single(model.CreateEngine().Generate(
            [new GenerationRequest([WorldTokenizer.IdOf(WorldTokenizer.BeginOfText)], new SamplingOptions { MaxNewTokens = 3 })],
            cancel: TestContext.Current.CancellationToken));
        Assert.NotEmpty(answer.Ids);
    }
}
