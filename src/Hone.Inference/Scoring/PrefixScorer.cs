using Hone.Data;
using Hone.Models;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>A sequence of which the tokens from <paramref name="From"/> on are scored; at least one token stands before them.</summary>
public readonly record struct ScoredSequence(int[] Ids, int From);

/// <summary>What a model makes of the scored tokens of a sequence.</summary>
/// <param name="LogProb">Sum of their natural log-probabilities.</param>
/// <param name="IsGreedy">Whether each of them is the likeliest.</param>
public readonly record struct SequenceScore(int Index, double LogProb, bool IsGreedy);

/// <summary>
/// Scores many sequences and computes what they have in common once. The sequences of a pass make one radix tree, a token
/// forest whose branches are the places where they part: few-shot examples are the trunk of a subject's questions, a
/// question is the trunk of its choices, and choices of one token are read from the same row of logits.
/// </summary>
/// <remarks>A score equals that of the sequence alone, to the rounding of matrix products whose blocking changes with the rows.</remarks>
public static class PrefixScorer
{
    private const int ChunkElements = 1 << 22;

    /// <param name="model">A language model.</param>
    /// <param name="sequences">Each within the model's context. In any order: they are sorted.</param>
    /// <param name="maxTokens">Most tokens of a pass; a longer sequence makes a pass of its own.</param>
    /// <returns>Scores as passes end, in the order of the sorted sequences.</returns>
    public static IEnumerable<SequenceScore> Score(Llama model, IReadOnlyList<ScoredSequence> sequences, int maxTokens, CancellationToken cancel = default)
    {
        // By what is computed, all but the last token, so that a sequence that ends inside another comes before it.
        int[] order = [.. Enumerable.Range(0, sequences.Count).OrderBy(i => sequences[i].Ids, Comparer<int[]>.Create((a, b) => a.AsSpan(..^1).SequenceCompareTo(b.AsSpan(..^1))))];
        for (int first = 0; first < order.Length;)
        {
            cancel.ThrowIfCancellationRequested();
            int tokens = 0, end = first;
            while (end < order.Length)
            {
                int[] ids = sequences[order[end]].Ids;
                int added = ids.Length - (end > first ? ids.AsSpan().CommonPrefixLength(sequences[order[end - 1]].Ids) : 0);
                if (end > first && tokens + added > maxTokens) break;
                tokens += added;
                end++;
            }
            foreach (SequenceScore score in Pass(model, sequences, order[first..end])) yield return score;
            first = end;
        }
    }

    private static SequenceScore[] Pass(Llama model, IReadOnlyList<ScoredSequence> sequences, int[] indices)
    {
        using var off = no_grad();
        using var scope = NewDisposeScope();
        var forest = new TokenForest();
        // Where in the forest each token of each sequence lies; the last token predicts nothing and need not be computed.
        int[][] places = [.. indices.Select(i => new int[sequences[i].Ids.Length - 1])];
        Grow(forest, indices, sequences, places, 0, indices.Length, depth: 0, parent: -1);

        List<int> rows = [], targets = [], owners = [];
        Dictionary<int, int> rowOf = [];
        for (int s = 0; s < indices.Length; s++)
        {
            ScoredSequence sequence = sequences[indices[s]];
            for (int t = sequence.From; t < sequence.Ids.Length; t++)
            {
                int source = places[s][t - 1];
                if (!rowOf.TryGetValue(source, out int row)) rowOf[source] = row = rowOf.Count;
                rows.Add(row);
                targets.Add(sequence.Ids[t]);
                owners.Add(s);
            }
        }
        Tensor sources = tensor(rowOf.OrderBy(r => r.Value).Select(r => (long)r.Key).ToArray(), device: model.Device);
        Tensor hidden = model.Hidden(forest).index_select(0, sources);
        (float[] logProbs, bool[] greedy) = Read(model, hidden, rows, targets);
        var sums = new double[indices.Length];
        var all = Enumerable.Repeat(true, indices.Length).ToArray();
        for (int i = 0; i < owners.Count; i++)
        {
            sums[owners[i]] += logProbs[i];
            all[owners[i]] &= greedy[i];
        }
        return [.. indices.Select((index, s) => new SequenceScore(index, sums[s], all[s]))];
    }

    /// <summary>Adds the sorted sequences [from, to), which share their first <paramref name="depth"/> tokens, below a segment.</summary>
    private static void Grow(TokenForest forest, int[] indices, IReadOnlyList<ScoredSequence> sequences, int[][] places, int from, int to, int depth, int parent)
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

    private static (float[] LogProbs, bool[] Greedy) Read(Llama model, Tensor hidden, List<int> rows, List<int> targets)
    {
        var logProbs = new float[rows.Count];
        var greedy = new bool[rows.Count];
        int chunk = (int)Math.Max(1, ChunkElements / model.Config.VocabularySize);
        ILookup<int, int> byRow = Enumerable.Range(0, rows.Count).ToLookup(i => rows[i]);
        for (int at = 0; at < hidden.shape[0]; at += chunk)
        {
            using var scope = NewDisposeScope();
            int count = (int)Math.Min(chunk, hidden.shape[0] - at);
            Tensor logits = model.Logits(hidden.narrow(0, at, count));
            int[] asked = [.. Enumerable.Range(at, count).SelectMany(r => byRow[r])];
            Tensor picked = tensor(asked.Select(i => (long)(rows[i] - at)).ToArray(), device: model.Device);
            Tensor wanted = tensor(asked.Select(i => (long)targets[i]).ToArray(), device: model.Device);
            Tensor own = logits.index_select(0, picked).gather(1, wanted.unsqueeze(1)).squeeze(1) - logits.logsumexp(1).index_select(0, picked);
            float[] values = own.cpu().data<float>().ToArray();
            long[] best = logits.argmax(1).index_select(0, picked).cpu().data<long>().ToArray();
            for (int i = 0; i < asked.Length; i++) (logProbs[asked[i]], greedy[asked[i]]) = (values[i], best[i] == targets[asked[i]]);
        }
        return (logProbs, greedy);
    }
}
