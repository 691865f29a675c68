namespace Hone.Models;

/// <summary>
/// Shape and constants of a decoder-only transformer. One record serves all families: what distinguishes them is stated
/// here, and <c>Architectures/</c> maps each family's <c>config.json</c> to it and back.
/// </summary>
public sealed record TransformerConfig
{
    /// <summary>The family, as <c>model_type</c> of <c>config.json</c> names it.</summary>
    public string Family { get; init; } = "llama";

    public required int VocabularySize { get; init; }

    public required int HiddenSize { get; init; }

    public required int IntermediateSize { get; init; }

    public required int LayerCount { get; init; }

    public required int HeadCount { get; init; }

    public required int KeyValueHeadCount { get; init; }

    public required int HeadDim { get; init; }

    public required int MaxPositions { get; init; }

    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Where a layer normalises: what goes into attention and feed-forward, what comes out, or both.</summary>
    public NormPlacement NormPlacement { get; init; } = NormPlacement.Before;

    /// <summary>How a norm applies its weight.</summary>
    public NormWeight NormWeight { get; init; } = NormWeight.AfterCast;

    /// <summary>Norms of queries and keys, before they are rotated.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; } = QueryKeyNorm.None;

    public bool QueryKeyValueBias { get; init; }

    public bool AttentionOutputBias { get; init; }

    public bool MlpBias { get; init; }

    /// <summary>Whether q, k and v are one matrix (<c>qkv_proj</c>), and gate and up too (<c>gate_up_proj</c>).</summary>
    public bool FusedProjections { get; init; }

    public Activation Activation { get; init; } = Activation.Silu;

    /// <summary>Mixture of experts in place of the dense feed-forward; null for none.</summary>
    public ExpertOptions? Experts { get; init; }

    /// <summary>Attention scores are divided by its square root; null for <see cref="HeadDim"/>.</summary>
    public double? QueryScalar { get; init; }

    /// <summary>Attention scores s become cap tanh(s / cap); null for none.</summary>
    public double? AttentionCap { get; init; }

    /// <summary>Logits likewise; null for none.</summary>
    public double? LogitCap { get; init; }

    /// <summary>Whether embeddings are multiplied by sqrt(hidden size).</summary>
    public bool ScaleEmbeddings { get; init; }

    /// <summary>Rotary embeddings of the layers.</summary>
    public Rope Rope { get; init; } = new();

    /// <summary>Rotary embeddings of layers with a window, where those differ; null for <see cref="Rope"/>.</summary>
    public Rope? WindowRope { get; init; }

    /// <summary>Whether each layer rotates; null when all do. [layers]</summary>
    public IReadOnlyList<bool>? RotatedLayers { get; init; }

    /// <summary>Sliding window: position i sees the <c>Window</c> positions up to and with itself; null for none.</summary>
    public int? Window { get; init; }

    /// <summary>Which layers have the window; null when all do. [layers]</summary>
    public IReadOnlyList<bool>? WindowedLayers { get; init; }

    public bool TieEmbeddings { get; init; }

    public int? BosId { get; init; }

    public IReadOnlyList<int> EosIds { get; init; } = [];

    public int? PadId { get; init; }

    /// <summary>True for a sequence classifier with one label: a reward model with <c>score.weight</c> [1, hidden].</summary>
    public bool IsRewardModel { get; init; }

    /// <summary>The longest sequence that the model reads; null where rotary embeddings grow with it (dynamic scaling).</summary>
    public int? ContextLimit => Rope.Scaling is { Type: "dynamic" } ? null : MaxPositions;

    /// <summary>
    /// With longrope a prompt is computed differently in sequences up to this length and in longer ones, which therefore share
    /// no prefix; null where a prefix is always the same.
    /// </summary>
    public int? PrefixBoundary => Rope.Scaling is { Type: "longrope" } scaling ? scaling.OriginalMaxPositions : null;

    /// <summary>Whether a sequence that has grown rotates otherwise, so that what is cached of it is void.</summary>
    internal bool RotatesAnew(int before, int now) => PrefixBoundary is { } boundary && before > boundary != now > boundary;

    /// <summary>The window of a layer; null where it sees everything before it.</summary>
    public int? WindowOf(int layer) => Window is { } window && (WindowedLayers is null || WindowedLayers[layer]) ? window : null;

    /// <summary>The rotary embedding of a layer; null where it does not rotate.</summary>
    public Rope? RopeOf(int layer)
    {
        if (RotatedLayers is not null && !RotatedLayers[layer]) return null;
        return WindowOf(layer) is null ? Rope : WindowRope ?? Rope;
    }
}

public enum NormPlacement
{
    /// <summary>x + f(norm(x)): Llama.</summary>
    Before,

    /// <summary>x + norm(f(x)): OLMo-2.</summary>
    After,

    /// <summary>x + norm(f(norm(x))): Gemma.</summary>
    Both,
}

public enum NormWeight
{
    /// <summary>The normalised value is cast to the type of computing, then multiplied: Llama.</summary>
    AfterCast,

    /// <summary>Multiplied in fp32, then cast: OLMo-2.</summary>
    BeforeCast,

    /// <summary>Multiplied by 1 + weight in fp32, then cast: Gemma.</summary>
    OnePlusBeforeCast,
}

public enum QueryKeyNorm
{
    None,

    /// <summary>Over each head, with a weight of [head_dim]: Qwen3, Gemma-3.</summary>
    PerHead,

    /// <summary>Over all heads together, with a weight of [heads * head_dim]: OLMo-2.</summary>
    WholeProjection,
}

public enum Activation
{
    Silu,

    /// <summary>GELU in its approximation by tanh.</summary>
    GeluTanh,
}

/// <summary>Mixture of experts: each token goes through the <paramref name="Used"/> likeliest of <paramref name="Count"/>.</summary>
/// <param name="Count">Experts in a layer.</param>
/// <param name="Used">Experts that a token goes through.</param>
/// <param name="IntermediateSize">Width of one expert.</param>
/// <param name="Normalise">Whether the weights of those used are divided by their sum.</param>
public sealed record ExpertOptions(int Count, int Used, int IntermediateSize, bool Normalise);
