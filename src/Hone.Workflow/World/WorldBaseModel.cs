using Hone.Data;
using Hone.Models;
using Hone.Text;
using Hone.Workflow.Recipes;

namespace Hone.Workflow.World;

/// <summary>The embedded world's base model: a Llama of 0.7 million parameters, trained from scratch on the world's base text.</summary>
public static class WorldBaseModel
{
    private const int Documents = 22_528;

    public static LlamaConfig Config { get; } = new()
    {
        VocabularySize = WorldTokenizer.VocabularySize,
        HiddenSize = 128,
        IntermediateSize = 384,
        LayerCount = 3,
        HeadCount = 4,
        KeyValueHeadCount = 4,
        HeadDim = 32,
        MaxPositions = 512,
        TieEmbeddings = true,
        BosId = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText),
        EosIds = [WorldTokenizer.IdOf(WorldTokenizer.End)],
        PadId = WorldTokenizer.IdOf(WorldTokenizer.Pad),
    };

    /// <summary>How it is trained; no key of a recipe, for the model stands for one that was downloaded.</summary>
    public static SftOptions Options { get; } = new()
    {
        LearningRate = 2e-3,
        BatchSize = 32,
        WarmupRatio = 0.03,
        WeightDecay = 0.01,
        MaxLength = 256,
        MicroBatchTokens = 4096,
        LogEvery = 20,
        SaveEvery = 200,
    };

    public static IReadOnlyList<SftExample> Examples(SmallWorld world, Tokenizer tokenizer)
    {
        int begin = WorldTokenizer.IdOf(WorldTokenizer.BeginOfText), end = WorldTokenizer.IdOf(WorldTokenizer.End);
        return [.. world.BaseDocuments(Documents).Select(document =>
        {
            int[] ids = document.Encode(part => tokenizer.Encode(part), begin, end);
            return new SftExample(ids, [.. ids.Select((_, i) => i > 0)]);
        })];
    }
}
