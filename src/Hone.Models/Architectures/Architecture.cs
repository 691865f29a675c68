using System.Text.Json;
using Hone.Models.Gguf;

namespace Hone.Models;

/// <summary>
/// One model family: how its <c>config.json</c> maps to <see cref="TransformerConfig"/> and back. A family is one file with
/// one subclass of this; nothing else names it.
/// </summary>
internal abstract class Architecture
{
    /// <summary><c>model_type</c>.</summary>
    public abstract string ModelType { get; }

    /// <summary>The language model's class in transformers, such as <c>LlamaForCausalLM</c>.</summary>
    public abstract string CausalModel { get; }

    /// <summary>The reward model's class in transformers.</summary>
    public virtual string RewardModel => CausalModel.Replace("ForCausalLM", "ForSequenceClassification", StringComparison.Ordinal);

    /// <summary>What transformers takes for fields that the file leaves out.</summary>
    public virtual ConfigDefaults Defaults => new();

    public virtual Rope ReadRope(ConfigFields fields, int maxPositions, int headDim) =>
        RopeFields.Read(fields, Defaults.RopeTheta, maxPositions);

    /// <summary>The family's own fields added to those that all have.</summary>
    public abstract TransformerConfig Read(ConfigFields fields, TransformerConfig common);

    /// <summary>What GGUF calls the family and how llama.cpp runs it; null where GGUF has no such family.</summary>
    public virtual GgufForm? Gguf => null;

    /// <summary>The family's own fields, in the spelling of transformers 4, which 5 reads too.</summary>
    public abstract void Write(Utf8JsonWriter json, TransformerConfig config);

    // Found by their type, so that adding a family touches its own file only.
    private static readonly Architecture[] s_all =
    [
        .. typeof(Architecture).Assembly.GetTypes().Where(t => t.BaseType == typeof(Architecture))
            .Select(t => (Architecture)Activator.CreateInstance(t)!).OrderBy(a => a.ModelType, StringComparer.Ordinal),
    ];

    public static IReadOnlyList<Architecture> All => s_all;

    public static Architecture Of(TransformerConfig config) => s_all.Single(a => a.ModelType == config.Family);
}

/// <summary>Values of fields that <c>config.json</c> may leave out; null where Hone does not guess.</summary>
internal sealed record ConfigDefaults
{
    public double NormEpsilon { get; init; } = 1e-6;

    /// <summary>Null for as many as query heads.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Null for hidden size / heads.</summary>
    public int? HeadDim { get; init; }

    public int MaxPositions { get; init; } = 2048;

    public double RopeTheta { get; init; } = 10000;

    public bool TieEmbeddings { get; init; }

    public int? BosId { get; init; } = 1;

    public int? EosId { get; init; } = 2;

    public int? PadId { get; init; }
}
