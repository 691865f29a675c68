using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>
/// A model opened: weights, configuration, tokenizer, template and generation settings. The one way in for everything that
/// computes with a model, whether it chats, samples, scores, trains or serves.
/// </summary>
public sealed class PretrainedModel : IDisposable
{
    private readonly List<IDisposable> _engines = [];

    private PretrainedModel(string path, Transformer transformer, ModelText text, GenerationConfig generation)
    {
        (Path, Model, Text, GenerationConfig) = (path, transformer, text, generation);
        Stops = new StopRules(transformer.Config.EosIds, generation.EosIds, text.Tokenizer.EosId is { } eos ? [eos] : []);
    }

    /// <summary>What it was opened from.</summary>
    public string Path { get; }

    public Transformer Model { get; }

    public ModelText Text { get; }

    /// <summary>The model's <c>generation_config.json</c>.</summary>
    public GenerationConfig GenerationConfig { get; }

    /// <summary>What ends an answer: every end token that any of the model's files names.</summary>
    public StopRules Stops { get; }

    /// <summary>Opens a model of either kind.</summary>
    /// <param name="path">A Hugging Face folder, a PEFT folder with a LoRA adapter, or a GGUF file.</param>
    /// <param name="target">Where and in what to compute.</param>
    /// <param name="training">How it is going to be trained; null for a model that is only used.</param>
    /// <exception cref="InputException">It is not a model that Hone can read; the message says why.</exception>
    public static PretrainedModel Open(string path, ComputeTarget target, TrainingStart? training = null) =>
        Open(path, target, training, onlySamples: false);

    /// <summary>Opens a language model of which nothing is wanted but answers: weights that will be packed are not copied before.</summary>
    /// <exception cref="InputException">It is a reward model, or not a model that Hone can read.</exception>
    internal static PretrainedModel OpenToSample(string path, ComputeTarget target)
    {
        RequireLanguageModel(path);
        return Open(path, target, training: null, onlySamples: true);
    }

    private static PretrainedModel Open(string path, ComputeTarget target, TrainingStart? training, bool onlySamples)
    {
        LibTorch.Load();
        path = ModelPath.Folder(path);
        TransformerConfig config = ConfigFile.Load(path);
        ModelText text = ModelText.Load(path);
        ConfigFile.Check(config, text.Tokenizer.VocabularySize, path);
        GenerationConfig generation = GenerationConfig.Load(path);
        bool packs = onlySamples && ForwardEngines.Packs(config, target.Device);
        return new PretrainedModel(path, ModelWeights.Load(path, config, target, training, packs), text, generation);
    }

    /// <summary>Opens a language model.</summary>
    /// <exception cref="InputException">It is a reward model, or not a model that Hone can read.</exception>
    public static PretrainedModel OpenLanguageModel(string path, ComputeTarget target)
    {
        RequireLanguageModel(path);
        return Open(path, target);
    }

    /// <summary>Opens a reward model.</summary>
    /// <exception cref="InputException">It is a language model, or not a model that Hone can read.</exception>
    public static PretrainedModel OpenRewardModel(string path, ComputeTarget target)
    {
        RequireRewardModel(path);
        return Open(path, target);
    }

    /// <summary>
    /// Opens a model's body as a reward model to be trained: no language-model head, a score head of zeros (loss ln 2 at step 0).
    /// </summary>
    /// <exception cref="InputException">It is not a model that Hone can read.</exception>
    public static PretrainedModel OpenAsNewRewardModel(string path, ComputeTarget target, TrainingStart training)
    {
        PretrainedModel source = Open(path, target, training);
        if (source.Model.Config.IsRewardModel) return source;
        TransformerConfig config = source.Model.Config with { IsRewardModel = true };
        var weights = source.Model.Weights.Where(w => w.Key != WeightNames.LanguageModelHead).ToDictionary();
        weights[WeightNames.RewardHead] = zeros(1, config.HiddenSize, device: target.Device);
        LoraAdapter? adapter = source.Model.Adapter is { } trained
            ? trained.With(trained.Options.Dropout, [.. trained.Modules, WeightNames.RewardHead])
            : null;
        return new PretrainedModel(path, new Transformer(config, weights, target.Type, adapter), source.Text, source.GenerationConfig);
    }

    /// <exception cref="InputException">There is no such model, or it is a reward model.</exception>
    public static void RequireLanguageModel(string path)
    {
        if (ConfigFile.Load(ModelPath.Folder(path)).IsRewardModel)
            throw new InputException("This is a reward model; a language model is needed here.", path);
    }

    /// <exception cref="InputException">There is no such model, or it is a language model.</exception>
    public static void RequireRewardModel(string path)
    {
        if (ConfigFile.Load(ModelPath.Folder(path)).IsRewardModel) return;
        throw new InputException("This is a language model; a reward model is needed here.", path, "hone reward trains one.");
    }

    /// <summary>An engine that samples from this model; it goes with the model.</summary>
    /// <param name="kept">What it keeps while nothing is asked of it.</param>
    /// <param name="format">The number format of sampling.</param>
    /// <exception cref="InputException">It is a reward model, or cannot be sampled in that format.</exception>
    public IGenerationEngine CreateEngine(KeptBetween kept = KeptBetween.Nothing, SamplingFormat format = SamplingFormat.Auto)
    {
        ForwardEngines.Check(Model, format);
        var engine = new Scheduler(() => ForwardEngines.Create(Model, format), Model.Config, Stops, Text.Tokenizer,
            BatchLimits.For(Model.Device), kept);
        _engines.Add(engine);
        return engine;
    }

    public void Dispose()
    {
        foreach (IDisposable engine in _engines) engine.Dispose();
        Model.Dispose();
    }
}
