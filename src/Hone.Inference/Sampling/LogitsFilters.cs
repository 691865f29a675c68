using System.Numerics;
using System.Numerics.Tensors;

namespace Hone.Inference;

/// <summary>
/// The steps between raw logits and the distribution that is sampled, each a pure function on a span [vocabulary] in
/// place. A dropped token's logit becomes negative infinity. Order of use: allowed tokens, bias, repetition penalty, frequency and presence
/// penalties, as in vLLM; then temperature, top-k, top-p, min-p, typical-p, as in transformers' <c>generate</c>. Finite logits stay
/// finite under any option that <see cref="SamplingOptions.Validate"/> takes.
/// </summary>
internal static class LogitsFilters
{
    /// <summary>Drops the tokens whose bit is not set.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="allowed">[ceil(vocabulary / 64)]</param>
    public static void Allow(Span<float> logits, ReadOnlySpan<ulong> allowed)
    {
        for (int word = 0; word < allowed.Length; word++)
        {
            Span<float> here = logits[(64 * word)..Math.Min(64 * (word + 1), logits.Length)];
            if (allowed[word] == 0) here.Fill(float.NegativeInfinity);
            else
                for (ulong dropped = ~allowed[word]; dropped != 0; dropped &= dropped - 1)
                    if (BitOperations.TrailingZeroCount(dropped) is var bit && bit < here.Length) here[bit] = float.NegativeInfinity;
        }
    }

    /// <summary>Bias and penalties of the options, in their order.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="context">Prompt and answer so far.</param>
    /// <param name="answerFrom">Where in <paramref name="context"/> the answer begins.</param>
    /// <param name="scratch">[vocabulary]</param>
    /// <param name="counts">Scratch. [vocabulary]</param>
    public static void Change(
        Span<float> logits, ReadOnlySpan<int> context, SamplingOptions options, int answerFrom, Span<float> scratch, Span<ulong> counts)
    {
        if (options.LogitBias.Count > 0) Bias(logits, options.LogitBias);
        if (options.RepetitionPenalty != 1)
        {
            logits.CopyTo(scratch);
            RepetitionPenalty(scratch, context, options.RepetitionPenalty, logits);
        }
        if (options.FrequencyPenalty != 0 || options.PresencePenalty != 0)
            CountPenalties(logits, context[answerFrom..], options.FrequencyPenalty, options.PresencePenalty, counts);
    }

    /// <summary>Adds a bias to the logits of some ids; ids outside the vocabulary have none.</summary>
    public static void Bias(Span<float> logits, IReadOnlyDictionary<int, double> bias)
    {
        foreach ((int id, double added) in bias)
            if ((uint)id < (uint)logits.Length) logits[id] += (float)added;
    }

    /// <summary>
    /// Takes <paramref name="frequency"/> times its count in the answer and once <paramref name="presence"/> from the logit of every
    /// token that the answer holds already, as OpenAI defines the two; the prompt does not count.
    /// </summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="answer">Ids sampled so far.</param>
    /// <param name="frequency">Below 0 repetition is encouraged.</param>
    /// <param name="presence">Below 0 repetition is encouraged.</param>
    /// <param name="counts">Scratch. [vocabulary]</param>
    public static void CountPenalties(
        Span<float> logits, ReadOnlySpan<int> answer, double frequency, double presence, Span<ulong> counts)
    {
        foreach (int id in answer) counts[id] = 0;
        foreach (int id in answer) counts[id]++;
        foreach (int id in answer)
        {
            if (counts[id] == 0) continue;
            logits[id] -= (float)(frequency * counts[id] + presence);
            counts[id] = 0;
        }
    }

    /// <summary>Writes the penalised logits of the ids in <paramref name="context"/>; repeated ids count once.</summary>
    /// <param name="logits">Logits before the penalty. [vocabulary]</param>
    /// <param name="context">Ids of the prompt and of the answer so far.</param>
    /// <param name="penalty">Divides positive logits, multiplies negative ones.</param>
    /// <param name="result">A copy of <paramref name="logits"/> on entry. [vocabulary]</param>
    public static void RepetitionPenalty(ReadOnlySpan<float> logits, ReadOnlySpan<int> context, double penalty, Span<float> result)
    {
        float factor = (float)Math.Clamp(penalty, 1e-20, 1e20);
        foreach (int id in context) result[id] = logits[id] < 0 ? logits[id] * factor : logits[id] / factor;
    }

    /// <summary>Divides all logits by <paramref name="temperature"/>.</summary>
    public static void Temperature(Span<float> logits, double temperature) => TensorPrimitives.Divide(logits, Divisor(temperature), logits);

    /// <summary>What a temperature divides by: infinity would make NaN of dropped tokens.</summary>
    public static float Divisor(double temperature) => (float)Math.Min(temperature, 1e30);

    /// <summary>Keeps the <paramref name="k"/> largest logits and all that equal the smallest of them.</summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="k">At least 1.</param>
    /// <param name="scratch">At least k places.</param>
    public static void TopK(Span<float> logits, int k, Span<float> scratch)
    {
        if (k >= logits.Length) return;
        Span<float> heap = scratch[..k];
        logits[..k].CopyTo(heap);
        for (int i = k / 2 - 1; i >= 0; i--) SiftDown(heap, i);
        int at = k;
        while ((at = NextAbove(logits, heap[0], at)) < logits.Length)
        {
            heap[0] = logits[at++];
            SiftDown(heap, 0);
        }
        DropBelow(logits, heap[0]);
    }

    /// <summary>
    /// Keeps the most probable tokens up to the one with which their probability reaches <paramref name="p"/>, at least one
    /// (Holtzman et al. 2020, arXiv 1904.09751). Among equally probable tokens the smaller id is taken first.
    /// </summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="p">0 to 1.</param>
    /// <param name="weights">Scratch. [vocabulary]</param>
    /// <param name="keys">Scratch. [vocabulary]</param>
    public static void TopP(Span<float> logits, double p, Span<float> weights, Span<ulong> keys)
    {
        double total = Softmax.Weights(logits, weights);
        // All tokens below this weight together hold less than 1 - p, half of it even: none of them can be kept.
        float negligible = (float)((1 - p) * total / (2.0 * logits.Length));
        int count = 0;
        for (int at = NextAbove(weights, negligible, 0); at < weights.Length; at = NextAbove(weights, negligible, at + 1))
            keys[count++] = DescendingKey(logits[at], at);
        Span<ulong> candidates = keys[..count];
        candidates.Sort();

        int kept = 0;
        double mass = 0;
        while (kept < count && (kept == 0 || mass < p * total)) mass += weights[IdOf(candidates[kept++])];

        float smallest = logits[IdOf(candidates[kept - 1])];
        DropBelow(logits, smallest);
        for (int i = kept; i < count && logits[IdOf(candidates[i])] == smallest; i++)
            logits[IdOf(candidates[i])] = float.NegativeInfinity;
    }

    /// <summary>Drops tokens less than <paramref name="p"/> times as probable as the most probable one.</summary>
    public static void MinP(Span<float> logits, double p)
    {
        if (p > 0) DropBelow(logits, (float)(TensorPrimitives.Max<float>(logits) + Math.Log(p)));
    }

    /// <summary>
    /// Keeps the tokens whose surprise is nearest to what is expected, the distribution's entropy, up to the one with which their
    /// probability reaches <paramref name="mass"/>, and all that are as near as that one (Meister et al. 2023, arXiv 2202.00666;
    /// transformers' <c>TypicalLogitsWarper</c>).
    /// </summary>
    /// <param name="logits">[vocabulary]</param>
    /// <param name="mass">Above 0.</param>
    /// <param name="weights">Scratch. [vocabulary]</param>
    /// <param name="keys">Scratch. [vocabulary]</param>
    public static void TypicalP(Span<float> logits, double mass, Span<float> weights, Span<ulong> keys)
    {
        double total = Softmax.Weights(logits, weights), normaliser = Math.Log(total) + TensorPrimitives.Max<float>(logits), entropy = 0;
        for (int id = 0; id < logits.Length; id++)
            if (weights[id] > 0) entropy += weights[id] / total * (normaliser - logits[id]);
        int count = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (float.IsNegativeInfinity(logits[id])) continue;
            float distance = (float)Math.Abs(normaliser - logits[id] - entropy); // not negative: its bits sort as it does
            keys[count++] = (ulong)BitConverter.SingleToUInt32Bits(distance) << 32 | (uint)id;
        }
        Span<ulong> nearest = keys[..count];
        nearest.Sort();
        int kept = 0;
        for (double sum = 0; kept < count && (kept == 0 || sum < mass * total);) sum += weights[IdOf(nearest[kept++])];
        while (kept < count && nearest[kept] >> 32 == nearest[kept - 1] >> 32) kept++;
        foreach (ulong key in nearest[kept..]) logits[IdOf(key)] = float.NegativeInfinity;
    }

    private static void DropBelow(Span<float> logits, float threshold)
    {
        int i = 0, width = Vector<float>.Count;
        Vector<float> limit = new(threshold), dropped = new(float.NegativeInfinity);
        for (; i <= logits.Length - width; i += width)
        {
            Vector<float> block = new(logits[i..]);
            Vector.ConditionalSelect(Vector.LessThan(block, limit), dropped, block).CopyTo(logits[i..]);
        }
        for (; i < logits.Length; i++) if (logits[i] < threshold) logits[i] = float.NegativeInfinity;
    }

    /// <summary>First index from <paramref name="from"/> on whose value is above the threshold, or the length.</summary>
    private static int NextAbove(ReadOnlySpan<float> values, float threshold, int from)
    {
        int i = from, width = Vector<float>.Count;
        Vector<float> limit = new(threshold);
        while (i <= values.Length - width && !Vector.GreaterThanAny(new Vector<float>(values[i..]), limit)) i += width;
        while (i < values.Length && !(values[i] > threshold)) i++;
        return i;
    }

    private static void SiftDown(Span<float> heap, int at)
    {
        float value = heap[at];
        for (int child = 2 * at + 1; child < heap.Length; child = 2 * at + 1)
        {
            if (child + 1 < heap.Length && heap[child + 1] < heap[child]) child++;
            if (value <= heap[child]) break;
            heap[at] = heap[child];
            at = child;
        }
        heap[at] = value;
    }

    /// <summary>Sorts by falling logit, then by rising id.</summary>
    private static ulong DescendingKey(float logit, int id)
    {
        uint bits = BitConverter.SingleToUInt32Bits(logit + 0f); // + 0 makes one zero of -0 and 0
        uint ascending = (bits & 0x80000000) != 0 ? ~bits : bits | 0x80000000;
        return (ulong)~ascending << 32 | (uint)id;
    }

    private static int IdOf(ulong key) => (int)(uint)key;
}
