using System.Numerics.Tensors;
using Hone.Inference.Constraints;

namespace Hone.Inference;

/// <summary>A chosen token and its natural log-probability under the model's own distribution (temperature 1, unfiltered).</summary>
internal readonly record struct SampledToken(int Id, float LogProb);

/// <summary>
/// Chooses the next token from logits. Holds scratch memory only, so one instance serves one thread.
/// </summary>
internal sealed class LogitsSampler(int vocabularySize)
{
    /// <summary>Temperatures below it take the likeliest token, as in vLLM: divided by less, logits leave fp32.</summary>
    private const double GreedyBelow = 1e-5;

    private readonly float[] _scores = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly ulong[] _keys = new ulong[vocabularySize];

    /// <summary>The next token.</summary>
    /// <param name="logits">The model's raw logits; left as they are. [vocabulary]</param>
    /// <param name="context">Prompt and answer so far; read by the penalties only.</param>
    /// <param name="options">Checked by <see cref="SamplingOptions.Validate"/> beforehand.</param>
    /// <param name="uniform">In [0, 1): the draw. Not used when greedy.</param>
    /// <param name="answerFrom">Where in <paramref name="context"/> the answer begins: the prompt's length.</param>
    /// <param name="format">Where the answer is in the format that it must have; null where it has none.</param>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    /// <exception cref="InputException">The format is too costly, or the vocabulary cannot spell it.</exception>
    public SampledToken Next(ReadOnlySpan<float> logits, ReadOnlySpan<int> context, SamplingOptions options, double uniform, int answerFrom,
        ConstrainedAnswer? format = null)
    {
        if (logits.Length != _scores.Length)
            throw new ArgumentException($"{logits.Length} logits for a vocabulary of {_scores.Length}", nameof(logits));

        double rawTotal = Softmax.Weights(logits, _weights);
        double logNormaliser = Math.Log(rawTotal) + TensorPrimitives.Max(logits);
        int id = format is null && IsPlain(options)
            ? Softmax.Draw(_weights, rawTotal, uniform)
            : NextFiltered(logits, context, options, uniform, answerFrom, format);
        return new SampledToken(id, (float)(logits[id] - logNormaliser));
    }

    private int NextFiltered(ReadOnlySpan<float> logits, ReadOnlySpan<int> context, SamplingOptions options, double uniform, int answerFrom,
        ConstrainedAnswer? format)
    {
        bool greedy = IsGreedy(options);
        // The likeliest token is looked at alone first: to know all that the format allows costs far more.
        if (greedy && !options.ChangesLogits && TensorPrimitives.IndexOfMax(logits) is var likeliest && format?.Allows(likeliest) != false)
            return likeliest;

        logits.CopyTo(_scores);
        if (format is not null) LogitsFilters.Allow(_scores, format.Allowed());
        LogitsFilters.Change(_scores, context, options, answerFrom, _weights, _keys);
        if (greedy) return TensorPrimitives.IndexOfMax<float>(_scores);

        if (options.Temperature != 1) LogitsFilters.Temperature(_scores, options.Temperature);
        if (options.TopK > 0) LogitsFilters.TopK(_scores, options.TopK, _weights);
        if (options.TopP < 1) LogitsFilters.TopP(_scores, options.TopP, _weights, _keys);
        if (options.MinP > 0) LogitsFilters.MinP(_scores, options.MinP);
        if (options.TypicalP < 1) LogitsFilters.TypicalP(_scores, options.TypicalP, _weights, _keys);
        return Softmax.Draw(_weights, Softmax.Weights(_scores, _weights), uniform);
    }

    /// <summary>Whether the likeliest token is taken.</summary>
    public static bool IsGreedy(SamplingOptions options) => !options.DoSample || options.Temperature < GreedyBelow;

    private static bool IsPlain(SamplingOptions o) =>
        o is { DoSample: true, Temperature: 1, TopK: 0, TopP: 1, MinP: 0, TypicalP: 1, ChangesLogits: false };
}
