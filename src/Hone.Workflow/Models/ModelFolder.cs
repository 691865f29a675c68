using Hone.Inference;
using Hone.Models;
using Hone.Text;
using Hone.Workflow.Recipes;
using static TorchSharp.torch;

namespace Hone.Workflow;

/// <summary>A model folder opened: weights, configuration, tokenizer and template.</summary>
public sealed class ModelFolder : IDisposable
{
    private ModelFolder(string folder, Transformer model, ModelText text) => (Folder, Model, Text) = (folder, model, text);

    public string Folder { get; }

    public Transformer Model { get; }

    public ModelText Text { get; }

    /// <summary>Opens a model. Weights to be trained are fp32 whatever the arithmetic; others are held in the type they compute in.</summary>
    /// <exception cref="InputException">The folder is not a model that Hone can read; the message says why.</exception>
    public static ModelFolder Open(string folder, Device device, Precision precision, bool trainable = false)
    {
        TransformerConfig config = ConfigFile.Load(folder);
        ModelText text = ModelText.Load(folder);
        ConfigFile.Check(config, text.Tokenizer.VocabularySize, folder);
        ScalarType compute = precision == Precision.Bf16 ? ScalarType.BFloat16 : ScalarType.Float32;
        Dictionary<string, Tensor> weights = WeightFolder.LoadWeights(folder, config, trainable ? ScalarType.Float32 : compute, device);
        return new ModelFolder(folder, new Transformer(config, weights, compute), text);
    }

    /// <summary>Opens a model's body as a reward model to be trained: no language-model head, a score head of zeros (loss ln 2 at step 0).</summary>
    public static ModelFolder OpenAsNewRewardModel(string folder, Device device, Precision precision)
    {
        ModelFolder source = Open(folder, device, precision, trainable: true);
        if (source.Model.Config.IsRewardModel) return source;
        TransformerConfig config = source.Model.Config with { IsRewardModel = true };
        var weights = source.Model.Weights.Where(w => w.Key != WeightNames.LanguageModelHead).ToDictionary();
        weights[WeightNames.RewardHead] = zeros(1, config.HiddenSize, device: device);
        return new ModelFolder(folder, new Transformer(config, weights, source.Model.ComputeType), source.Text);
    }

    /// <summary>What ends an answer: every end token that any of the model's files names.</summary>
    public StopRules Stops() => new(Model.Config.EosIds, GenerationConfig.Load(Folder).EosIds, Text.Tokenizer.EosId is { } eos ? [eos] : []);

    /// <summary>An engine that samples from this model.</summary>
    public IGenerationEngine CreateEngine() => new LibtorchEngine(Model, Stops(), Text.Tokenizer);

    /// <summary>Whether token ids of the other model mean the same here.</summary>
    public bool SameTokenizerAs(ModelFolder other) =>
        File.ReadAllBytes(Tokenizer.FileIn(Folder)).AsSpan().SequenceEqual(File.ReadAllBytes(Tokenizer.FileIn(other.Folder)));

    public void Dispose() => Model.Dispose();
}
