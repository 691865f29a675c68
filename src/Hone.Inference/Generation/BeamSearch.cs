using System.Numerics.Tensors;
using Hone.Models;

namespace Hone.Inference;

/// <summary>
/// The likeliest answers to one prompt: in each step the best continuations of the best beginnings so far. It is transformers'
/// <c>generate</c> with <c>num_beams</c>: the same candidates, length penalty and rules of stopping.
/// </summary>
/// <param name="answers">The answers to the prompt, at most as many as there are beams.</param>
internal sealed class BeamSearch(IReadOnlyList<AnswerInProgress> answers)
{
    private readonly SamplingOptions _options = answers[0].Options;
    private readonly int[] _prompt = answers[0].Prompt;
    private readonly int _limit = answers[0].LongestLength - answers[0].Prompt.Length;
    // Whole answers, the best first.
    private readonly List<(double Score, Beam Beam, string Reason)> _finished = [];
    private List<Beam> _beams = [new Beam([], [], 0, [])];
    private float[][] _logits = [];
    private int _computed;

    /// <summary>Computes the next piece of the prompt, or the next token of every beam.</summary>
    /// <returns>Whether the search is over; then its answers are complete.</returns>
    public bool Step(IForwardEngine engine, RunningSequences sequences, StopRules stops, int passTokens, int vocabulary)
    {
        if (_logits.Length == 0) _logits = [.. Enumerable.Range(0, _options.Beams).Select(_ => new float[vocabulary])];
        bool reads = _computed < _prompt.Length;
        int count = reads ? Math.Min(_prompt.Length - _computed, passTokens) : 1, length = _computed + count;
        bool wants = length >= _prompt.Length;
        foreach (Beam beam in _beams) sequences.Lend(beam.Blocks, _computed, length);
        sequences.MakeReady();
        engine.Forward([.. _beams.Select(beam => new SequencePart(reads ? _prompt.AsMemory(_computed, count) : beam.Ids.AsMemory(^1..),
            _computed, length, beam.Blocks, wants))], (i, logits) => logits.CopyTo(_logits[i]));
        _computed = length;
        if (!wants || GoOn(sequences, stops)) return false;
        Release(sequences);
        for (int i = 0; i < answers.Count; i++)
        {
            (_, Beam beam, string reason) = _finished[Math.Min(i, _finished.Count - 1)];
            answers[i].Complete(beam.Ids, beam.LogProbs, reason);
        }
        return true;
    }

    /// <summary>Gives back the blocks that it holds.</summary>
    public void Release(RunningSequences sequences)
    {
        foreach (Beam beam in _beams) sequences.GiveBack(beam.Blocks);
        _beams = [];
    }

    /// <summary>Chooses the next beams; false where nothing better can come.</summary>
    private bool GoOn(RunningSequences sequences, StopRules stops)
    {
        int width = _options.Beams, length = _beams[0].Ids.Length + 1;
        bool last = length == _limit;
        (int Parent, int Id, double Score)[] best = Candidates(Math.Max(2, 1 + stops.Ids.Count) * width);
        bool Ends(int id) => last || stops.IsStop(id);
        double Penalised(double score, int tokens) => score / Math.Pow(tokens, _options.LengthPenalty);

        for (int rank = 0; rank < Math.Min(width, best.Length); rank++)
        {
            (int parent, int id, double score) = best[rank];
            if (!Ends(id) || (_finished.Count == width && _options.EarlyStopping == BeamStopping.AtOnce)) continue;
            Beam beam = Follow(parent, id, score, blocks: []);
            _finished.Add((Penalised(score, length), beam, stops.IsStop(id) ? FinishReasons.Stop : FinishReasons.Length));
        }
        // Stable: of equals the earlier one stays.
        (double, Beam, string)[] kept = [.. _finished.OrderByDescending(f => f.Score).Take(width)];
        _finished.Clear();
        _finished.AddRange(kept);

        List<Beam> next = [.. best.Where(c => !Ends(c.Id)).Take(width).Select(c =>
            Follow(c.Parent, c.Id, c.Score, sequences.Share(_beams[c.Parent].Blocks)))];
        foreach (Beam beam in _beams) sequences.GiveBack(beam.Blocks);
        _beams = next;
        if (next.Count == 0) return false;
        if (_finished.Count < width) return true;
        if (_options.EarlyStopping == BeamStopping.AtOnce) return false;
        // The best score that a beam could still reach, if it cost nothing more.
        int hoped = _options.EarlyStopping == BeamStopping.Never && _options.LengthPenalty > 0 ? _limit : length;
        return Penalised(next[0].Score, hoped) > _finished[^1].Score;
    }

    private Beam Follow(int parent, int id, double score, List<int> blocks)
    {
        Beam beam = _beams[parent];
        return new Beam([.. beam.Ids, id], [.. beam.LogProbs, _logits[parent][id]], score, blocks);
    }

    /// <summary>The best continuations of all beams, the best first. The rows of logits become log-probabilities.</summary>
    private (int Parent, int Id, double Score)[] Candidates(int count)
    {
        var best = new PriorityQueue<(int Parent, int Id), double>();
        float[] weights = new float[_logits[0].Length];
        for (int parent = 0; parent < _beams.Count; parent++)
        {
            float[] row = _logits[parent], scores = row;
            TensorPrimitives.Subtract(row, (float)Softmax.LogSumExp(row, weights), row);
            if (_options.ChangesLogits)
            {
                scores = [.. row];
                LogitsFilters.Change(scores, [.. _prompt, .. _beams[parent].Ids], _options, _prompt.Length, weights, new ulong[row.Length]);
                if (_options.RenormalizeLogits) TensorPrimitives.Subtract(scores, (float)Softmax.LogSumExp(scores, weights), scores);
            }
            for (int id = 0; id < scores.Length; id++)
            {
                double score = _beams[parent].Score + scores[id];
                if (best.Count < count) best.Enqueue((parent, id), score);
                else if (best.TryPeek(out _, out double least) && score > least) best.DequeueEnqueue((parent, id), score);
            }
        }
        return [.. best.UnorderedItems.OrderByDescending(c => c.Priority).ThenBy(c => c.Element.Parent).ThenBy(c => c.Element.Id)
            .Select(c => (c.Element.Parent, c.Element.Id, c.Priority))];
    }

    /// <summary>One beginning of an answer.</summary>
    /// <param name="LogProbs">Of each token, under the model's own distribution.</param>
    /// <param name="Score">Sum of the log-probabilities, changed by penalties and biases.</param>
    private sealed record Beam(int[] Ids, float[] LogProbs, double Score, List<int> Blocks);
}
