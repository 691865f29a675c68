using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>A sequence of which the tokens from <paramref name="From"/> on are scored; at least one token stands before them.</summary>
internal readonly record struct ScoredSequence(int[] Ids, int From);

/// <summary>What a model makes of one token.</summary>
/// <param name="LogProb">Natural log-probability under the model's own distribution.</param>
/// <param name="IsGreedy">Whether it is the likeliest.</param>
/// <param name="Top">The likeliest tokens in its place, the likeliest first; as many as were asked for.</param>
internal readonly record struct TokenScore(float LogProb, bool IsGreedy, IReadOnlyList<(int Id, float LogProb)> Top);

/// <summary>What a model makes of the scored tokens of a sequence.</summary>
/// <param name="Index">The sequence's place in the list.</param>
/// <param name="Tokens">Each scored token.</param>
internal readonly record struct SequenceScore(int Index, TokenScore[] Tokens)
{
    /// <summary>Sum of the tokens' natural log-probabilities.</summary>
    public double LogProb => Tokens.Sum(t => (double)t.LogProb);

    /// <summary>Whether each of them is the likeliest.</summary>
    public bool IsGreedy => Tokens.All(t => t.IsGreedy);
}

/// <summary>
/// Scores many sequences and computes what they have in common once. The sequences of a pass make one radix tree, a token
/// forest whose branches are the places where they part: few-shot examples are the trunk of a subject's questions, a
/// question is the trunk of its choices, and choices of one token are read from the same row of logits.
/// </summary>
/// <remarks>A score equals that of the sequence alone, to the rounding of matrix products whose blocking changes with the rows.</remarks>
internal static class PrefixScorer
{
    private const int ChunkElements = 1 << 22;

    /// <param name="model">A language model.</param>
    /// <param name="sequences">Each within the model's context. In any order: they are sorted.</param>
    /// <param name="maxTokens">Most tokens of a pass; a longer sequence makes a pass of its own.</param>
    /// <param name="top">How many of the likeliest tokens to report in each place; 0 for none.</param>
    /// <returns>Scores as passes end, in the order of the sorted sequences.</returns>
    public static IEnumerable<SequenceScore> Score(
        Transformer model, IReadOnlyList<ScoredSequence> sequences, int maxTokens, int top = 0, CancellationToken cancel = default)
    {
        // By what is computed, all but the last token, so that a sequence that ends inside another comes before it.
        // Sequences on both sides of the model's boundary share nothing: each side is sorted, and passed, by itself.
        bool Beyond(int i) => sequences[i].Ids.Length - 1 > model.Config.PrefixBoundary;
        var byTokens = Comparer<int[]>.Create((a, b) => a.AsSpan(..^1).SequenceCompareTo(b.AsSpan(..^1)));
        int[] order = [.. Enumerable.Range(0, sequences.Count).OrderBy(Beyond).ThenBy(i => sequences[i].Ids, byTokens)];
        for (int first = 0; first < order.Length;)
        {
            cancel.ThrowIfCancellationRequested();
            int tokens = 0, end = first;
            while (end < order.Length)
            {
                int[] ids = sequences[order[end]].Ids;
                int added = ids.Length - (end > first ? ids.AsSpan().CommonPrefixLength(sequences[order[end - 1]].Ids) : 0);
                if (end > first && (tokens + added > maxTokens || Beyond(order[end]) != Beyond(order[first]))) break;
                tokens += added;
                end++;
            }
            foreach (SequenceScore score in Pass(model, sequences, order[first..end], top)) yield return score;
            first = end;
        }
    }

    private static SequenceScore[] Pass(Transformer model, IReadOnlyList<ScoredSequence> sequences, int[] indices, int top)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        // Where in the forest each token of each sequence lies; the last token predicts nothing and need not be computed.
        int[][] places = [.. indices.Select(i => new int[sequences[i].Ids.Length - 1])];
        Grow(forest, indices, sequences, places, 0, indices.Length, depth: 0, parent: -1);

        List<int> rows = [], targets = [];
        Dictionary<int, int> rowOf = [];
        foreach ((int at, int index) in indices.Index())
        {
            ScoredSequence sequence = sequences[index];
            for (int t = sequence.From; t < sequence.Ids.Length; t++)
            {
                int source = places[at][t - 1];
                if (!rowOf.TryGetValue(source, out int row)) rowOf[source] = row = rowOf.Count;
                rows.Add(row);
                targets.Add(sequence.Ids[t]);
            }
        }
        Tensor sources = tensor(rowOf.OrderBy(r => r.Value).Select(r => (long)r.Key).ToArray(), device: model.Device);
        Tensor hidden = model.Hidden(forest).index_select(0, sources);
        TokenScore[] scores = Read(model, hidden, rows, targets, top);
        int next = 0;
        return [.. indices.Select(index =>
        {
            int count = sequences[index].Ids.Length - sequences[index].From;
            next += count;
            return new SequenceScore(index, scores[(next - count)..next]);
        })];
    }

    /// <summary>Adds the sorted sequences [from, to), which share their first <paramref name="depth"/> tokens, below a segment.</summary>
    private static void Grow(
        TokenForest forest, int[] indices, IReadOnlyList<ScoredSequence> sequences, int[][] places, int from, int to, int depth, int parent)
    {
        ReadOnlySpan<int> Computed(int at) => sequences[indices[at]].Ids.AsSpan(0, places[at].Length);
        // Shorter ones sort first: those that end here need nothing further.
        while (from < to && Computed(from).Length == depth) from++;
        while (from < to)
        {
            int end = from + 1;
            while (end < to && Computed(end).Length > depth && Computed(end)[depth] == Computed(from)[depth]) end++;
            int shared = Computed(from).Length;
            for (int i = from + 1; i < end; i++) shared = Math.Min(shared, Computed(from)[..shared].CommonPrefixLength(Computed(i)));
            ReadOnlySpan<int> tokens = Computed(from)[depth..shared];
            int segment = parent < 0 ? forest.AddRoot(tokens) : forest.AddChild(parent, tokens);
            int start = forest.Segments[segment].Start;
            for (int i = from; i < end; i++)
            {
                for (int t = depth; t < shared; t++) places[i][t] = start + t - depth;
            }
            Grow(forest, indices, sequences, places, from, end, shared, segment);
            from = end;
        }
    }

    private static TokenScore[] Read(Transformer model, Tensor hidden, List<int> rows, List<int> targets, int top)
    {
        var scores = new TokenScore[rows.Count];
        int vocabulary = model.Config.VocabularySize, chunk = Math.Max(1, ChunkElements / vocabulary);
        ILookup<int, int> byRow = Enumerable.Range(0, rows.Count).ToLookup(i => rows[i]);
        for (int at = 0; at < hidden.shape[0]; at += chunk)
        {
            using var scope = NewDisposeScope();
            int count = (int)Math.Min(chunk, hidden.shape[0] - at);
            Tensor logits = model.Logits(hidden.narrow(0, at, count)), sums = logits.logsumexp(1, keepdim: true);
            int[] asked = [.. Enumerable.Range(at, count).SelectMany(r => byRow[r])];
            Tensor picked = tensor(asked.Select(i => (long)(rows[i] - at)).ToArray(), device: model.Device);
            Tensor wanted = tensor(asked.Select(i => (long)targets[i]).ToArray(), device: model.Device);
            Tensor own = logits.index_select(0, picked).gather(1, wanted.unsqueeze(1)).squeeze(1) - sums.squeeze(1).index_select(0, picked);
            float[] values = own.cpu().data<float>().ToArray();
            long[] best = logits.argmax(1).index_select(0, picked).cpu().data<long>().ToArray();
            (int, float)[][] likeliest = Top(logits, sums, Math.Min(top, vocabulary));
            for (int i = 0; i < asked.Length; i++)
                scores[asked[i]] = new TokenScore(values[i], best[i] == targets[asked[i]], top == 0 ? [] : likeliest[rows[asked[i]] - at]);
        }
        return scores;
    }

    private static (int, float)[][] Top(Tensor logits, Tensor sums, int top)
    {
        if (top == 0) return [];
        (Tensor values, Tensor ids) = logits.topk(top, dim: 1);
        float[] logProbs = (values - sums).cpu().data<float>().ToArray();
        long[] tokens = ids.cpu().data<long>().ToArray();
        return [.. Enumerable.Range(0, (int)logits.shape[0])
            .Select(r => Enumerable.Range(r * top, top).Select(i => ((int)tokens[i], logProbs[i])).ToArray())];
    }
}
