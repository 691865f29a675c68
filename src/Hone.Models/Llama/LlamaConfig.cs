namespace Hone.Models;

/// <summary>Shape and constants of a Llama-architecture model, as its <c>config.json</c> states them.</summary>
public sealed record LlamaConfig
{
    public required int VocabularySize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int LayerCount { get; init; }

    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    public required int HeadDim { get; init; }

    public required int MaxPositions { get; init; }

    public double NormEpsilon { get; init; } = 1e-6;

    public double RopeTheta { get; init; } = 10000;

    public RopeScaling? RopeScaling { get; init; }

    public bool TieEmbeddings { get; init; }

    public bool AttentionBias { get; init; }

    public bool MlpBias { get; init; }

    public int? BosId { get; init; }

    public IReadOnlyList<int> EosIds { get; init; } = [];

    public int? PadId { get; init; }

    /// <summary>True for <c>LlamaForSequenceClassification</c> with one label: a reward model with <c>score.weight</c> [1, hidden].</summary>
    public bool IsRewardModel { get; init; }
}

/// <summary>RoPE scaling as in transformers' <c>rope_scaling</c>; <paramref name="Type"/> is linear, dynamic or llama3.</summary>
public sealed record RopeScaling(
    string Type,
    double Factor,
    double LowFrequencyFactor = 1,
    double HighFrequencyFactor = 4,
    int OriginalMaxPositions = 8192);
