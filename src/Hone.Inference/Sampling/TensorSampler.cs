using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>How one token is chosen: by these rules, with that uniform number in [0, 1) where they draw.</summary>
internal readonly record struct TokenDraw(SamplingOptions Options, double Uniform);

/// <summary>
/// Chooses next tokens from many rows of logits at once, on the device where they lie: what <see cref="LogitsSampler"/> does with one row,
/// as operations of tensors. A row's token depends on its logits and its draw alone.
/// </summary>
/// <remarks>
/// Cumulated in double, in the order of ids, as on the host; exponentials may differ in the last digit. So it chooses another token only
/// where the uniform number, or the mass of top-p, is within rounding (1e-6) of a border between two.
/// </remarks>
internal static class TensorSampler
{
    /// <summary>Whether all of the rules are here. Penalties, biases, typical sampling and formats are on the host only.</summary>
    public static bool Takes(SamplingOptions options) => options is { ChangesLogits: false, TypicalP: 1, Constraint: null };

    /// <summary>The tokens; one whose logits are not finite has a log-probability of NaN.</summary>
    /// <param name="logits">fp32. [rows, vocabulary]</param>
    /// <param name="rows">The row of each draw.</param>
    /// <param name="draws">By options that <see cref="Takes"/>.</param>
    /// <param name="atOnce">Logits that are worked on at once: temporaries are ten times as large.</param>
    public static SampledToken[] Next(Tensor logits, IReadOnlyList<int> rows, IReadOnlyList<TokenDraw> draws, long atOnce = 1 << 24)
    {
        var tokens = new SampledToken[draws.Count];
        int most = (int)Math.Max(1, atOnce / logits.shape[1]);
        for (int at = 0; at < tokens.Length; at += most)
        {
            using var off = no_grad();
            using var scope = NewDisposeScope();
            int[] own = [.. rows.Skip(at).Take(most)];
            bool isWhole = own.Length == logits.shape[0] && own.Index().All(r => r.Item == r.Index);
            Tensor raw = isWhole ? logits : logits.index_select(0, own.OnDevice(logits.device));
            double[] found = Next(raw, [.. draws.Skip(at).Take(most)]).cpu().data<double>().ToArray();
            for (int i = 0; i < own.Length; i++) tokens[at + i] = new SampledToken((int)found[i], (float)found[own.Length + i]);
        }
        return tokens;
    }

    /// <summary>Ids, and their log-probabilities at temperature 1. [2, rows], double: one copy to the host.</summary>
    private static Tensor Next(Tensor raw, TokenDraw[] draws)
    {
        SamplingOptions[] options = [.. draws.Select(d => d.Options)];
        bool[] samples = [.. options.Select(o => !LogitsSampler.IsGreedy(o))];
        Tensor Column(IEnumerable<double> values) => tensor(values.ToArray(), device: raw.device).unsqueeze(1);

        Tensor ids = raw.argmax(1, keepdim: true), weights = Weights(raw), total = weights.sum(1, keepdim: true, type: ScalarType.Float64);
        if (samples.Contains(true))
        {
            Tensor scores = raw;
            if (options.Any(o => o.Temperature != 1))
            {
                Tensor divisors = Column(options.Select((o, i) => samples[i] ? (double)LogitsFilters.Divisor(o.Temperature) : 1));
                scores = scores.div(divisors.@float());
            }
            if (options.Any(o => o.TopK > 0)) scores = TopK(scores, options);
            if (options.Any(o => o.TopP < 1))
                scores = TopP(scores, Column(options.Select(o => o.TopP < 1 ? o.TopP : double.PositiveInfinity)));
            if (options.Any(o => o.MinP > 0)) scores = MinP(scores, Column(options.Select(o => Math.Log(o.MinP))));
            Tensor drawn = Draw(ReferenceEquals(scores, raw) ? weights : Weights(scores), Column(draws.Select(d => d.Uniform)));
            ids = where(tensor(samples, device: raw.device).unsqueeze(1), drawn, ids);
        }
        Tensor chosen = raw.gather(1, ids).sub(raw.amax([1], keepdim: true)).@double();
        return cat([ids.@double(), chosen.sub(total.log())], 1).transpose(0, 1).contiguous();
    }

    private static Tensor Weights(Tensor scores) => scores.sub(scores.amax([1], keepdim: true)).exp();

    /// <summary>Keeps the k largest of each row and all that equal the smallest of them.</summary>
    private static Tensor TopK(Tensor scores, SamplingOptions[] options)
    {
        int vocabulary = (int)scores.shape[1];
        bool Keeps(SamplingOptions o) => o.TopK > 0 && o.TopK < vocabulary;
        int most = options.Where(Keeps).Select(o => o.TopK).DefaultIfEmpty().Max();
        if (most == 0) return scores;
        long[] places = [.. options.Select(o => Keeps(o) ? o.TopK - 1L : 0)];
        float[] floors = [.. options.Select(o => Keeps(o) ? 0 : float.NegativeInfinity)];
        Tensor least = scores.topk(most, 1).values.gather(1, tensor(places, device: scores.device).unsqueeze(1))
            .Plus(tensor(floors, device: scores.device).unsqueeze(1));
        return scores.Without(scores.lt(least));
    }

    /// <summary>Keeps the likeliest until their mass reaches p; of equals the first.</summary>
    /// <param name="p">Infinity keeps all. [rows, 1]</param>
    private static Tensor TopP(Tensor scores, Tensor p)
    {
        (Tensor sorted, Tensor order) = scores.sort(1, descending: true, stable: true);
        Tensor mass = Weights(sorted).cumsum(1, ScalarType.Float64), limit = mass.narrow(1, -1, 1).mul(p);
        // What comes before a token decides; the first one always stays.
        Tensor dropped = cat([zeros_like(p), mass.narrow(1, 0, mass.shape[1] - 1)], 1).ge(limit);
        dropped.narrow(1, 0, 1).zero_();
        return scores.Without(empty_like(dropped).scatter_(1, order, dropped));
    }

    /// <param name="logP">Natural logarithm of the least share of the likeliest one's probability. [rows, 1]</param>
    private static Tensor MinP(Tensor scores, Tensor logP) =>
        scores.Without(scores.lt(scores.amax([1], keepdim: true).@double().Plus(logP).@float()));

    /// <summary>The token whose share of the cumulated weights holds the uniform number. [rows, 1]</summary>
    private static Tensor Draw(Tensor weights, Tensor uniform)
    {
        Tensor mass = weights.cumsum(1, ScalarType.Float64), total = mass.narrow(1, -1, 1);
        // Below the total also where the product is rounded, so that no draw is behind the last token that has a weight.
        Tensor target = minimum(total.mul(uniform), total.Times(1 - Math.Pow(2, -52)));
        return mass.le(target).sum(1, keepdim: true, type: ScalarType.Int64);
    }
}
