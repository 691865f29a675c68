using System.Numerics.Tensors;

namespace Hone.Inference;

/// <summary>A chosen token and its natural log-probability under the model's own distribution (temperature 1, unfiltered).</summary>
internal readonly record struct SampledToken(int Id, float LogProb);

/// <summary>
/// Chooses the next token from logits. Holds scratch memory only, so one instance serves one thread
/// and allocates nothing per token.
/// </summary>
internal sealed class LogitsSampler(int vocabularySize)
{
    private readonly float[] _scores = new float[vocabularySize];
    private readonly float[] _weights = new float[vocabularySize];
    private readonly ulong[] _keys = new ulong[vocabularySize];

    /// <summary>The next token.</summary>
    /// <param name="logits">The model's raw logits; left as they are. [vocabulary]</param>
    /// <param name="context">Prompt and answer so far; read by the repetition penalty only.</param>
    /// <param name="options">Checked by <see cref="SamplingOptions.Validate"/> beforehand.</param>
    /// <param name="uniform">In [0, 1): the draw. Not used when greedy.</param>
    /// <exception cref="InvalidDataException">The logits are not finite.</exception>
    public SampledToken Next(ReadOnlySpan<float> logits, ReadOnlySpan<int> context, SamplingOptions options, double uniform)
    {
        if (logits.Length != _scores.Length)
            throw new ArgumentException($"{logits.Length} logits for a vocabulary of {_scores.Length}", nameof(logits));

        double rawTotal = Softmax.Weights(logits, _weights);
        double logNormaliser = Math.Log(rawTotal) + TensorPrimitives.Max(logits);
        int id = IsPlain(options) ? Softmax.Draw(_weights, rawTotal, uniform) : NextFiltered(logits, context, options, uniform);
        return new SampledToken(id, (float)(logits[id] - logNormaliser));
    }

    private int NextFiltered(ReadOnlySpan<float> logits, ReadOnlySpan<int> context, SamplingOptions options, double uniform)
    {
        bool penalise = options.RepetitionPenalty != 1;
        if (!penalise && !options.DoSample) return TensorPrimitives.IndexOfMax(logits);

        logits.CopyTo(_scores);
        if (penalise) LogitsFilters.RepetitionPenalty(logits, context, options.RepetitionPenalty, _scores);
        if (!options.DoSample) return TensorPrimitives.IndexOfMax<float>(_scores);

        if (options.Temperature != 1) LogitsFilters.Temperature(_scores, options.Temperature);
        if (options.TopK > 0) LogitsFilters.TopK(_scores, options.TopK, _weights);
        if (options.TopP < 1) LogitsFilters.TopP(_scores, options.TopP, _weights, _keys);
        if (options.MinP > 0) LogitsFilters.MinP(_scores, options.MinP);
        return Softmax.Draw(_weights, Softmax.Weights(_scores, _weights), uniform);
    }

    private static bool IsPlain(SamplingOptions o) =>
        o is { DoSample: true, Temperature: 1, TopK: 0, TopP: 1, MinP: 0, RepetitionPenalty: 1 };
}
