using System.Runtime.InteropServices;
using Hone.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Hone.Inference;

/// <summary>
/// One batch of answers from its prompts to its last token. Rows of the cache are answers, in order; those of a cancelled
/// submission leave at the next step.
/// </summary>
internal sealed class GenerationBatch(
    Decoder decoder, StopRules stops, BatchLimits limits, AnswerInProgress[] answers, Action<Submission> leave)
{
    // Finished rows cost as much as others until they are taken out, which copies the cache once.
    private const int CompactFrom = 4;

    private readonly LogitsSampler _sampler = new(decoder.Model.Config.VocabularySize);
    private AnswerInProgress[] _rows = answers;
    private bool _dropped;

    public void Run()
    {
        DropCancelled();
        _rows = [.. _rows.Where(row => !row.IsOver)];
        if (_rows.Length == 0) return;
        using var scope = NewDisposeScope();
        using var cache = new KeyValueCache(decoder.Model, [.. _rows.Select(a => a.Prompt.Length)]);
        ReadPrompts(cache);
        while (Compact(cache))
        {
            using var step = NewDisposeScope();
            int[] tokens = [.. _rows.Select(a => a.LastId)];
            Sample(decoder.Step(tokens, cache), _rows, row => row);
        }
    }

    /// <summary>Computes each distinct prompt once, gives its keys and values to all its rows, and samples their first tokens.</summary>
    private void ReadPrompts(KeyValueCache cache)
    {
        for (int first = 0; first < _rows.Length;)
        {
            DropCancelled();
            if (_rows[first].IsOver)
            {
                first++; // its row of the cache stays empty, and is taken out before the first step
                continue;
            }
            int length = _rows[first].Prompt.Length, most = Math.Max(1, limits.PromptTokens / length);
            var prompts = new List<int[]>();
            var promptOfRow = new List<int>();
            for (int row = first; row < _rows.Length && _rows[row].Prompt.Length == length && !_rows[row].IsOver; row++)
            {
                bool isNew = prompts.Count == 0 || !prompts[^1].AsSpan().SequenceEqual(_rows[row].Prompt);
                if (isNew && prompts.Count == most) break;
                if (isNew) prompts.Add(_rows[row].Prompt);
                promptOfRow.Add(prompts.Count - 1);
            }
            using PromptPass pass = decoder.Prefill(prompts);
            cache.Fill(first, pass, promptOfRow);
            Sample(pass.Logits, _rows.AsSpan(first, promptOfRow.Count), row => promptOfRow[row]);
            first += promptOfRow.Count;
        }
    }

    private void DropCancelled()
    {
        foreach (AnswerInProgress row in _rows)
        {
            if (!row.Drop()) continue;
            _dropped = true;
            leave(row.Submission);
        }
    }

    /// <summary>Takes finished rows out once they are a quarter of the batch, dropped ones at once; false when none is left.</summary>
    private bool Compact(KeyValueCache cache)
    {
        DropCancelled();
        int[] open = [.. Enumerable.Range(0, _rows.Length).Where(row => !_rows[row].IsOver)];
        if (open.Length == 0) return false;
        if (!_dropped && (_rows.Length - open.Length) * CompactFrom < _rows.Length) return true;
        cache.Keep(open);
        _rows = [.. open.Select(row => _rows[row])];
        _dropped = false;
        return true;
    }

    private void Sample(Tensor logits, ReadOnlySpan<AnswerInProgress> rows, Func<int, int> logitsRow)
    {
        int vocabulary = (int)logits.shape[1];
        using Tensor? copy = logits.device_type == DeviceType.CPU ? null : logits.cpu();
        Span<float> values = MemoryMarshal.Cast<byte, float>((copy ?? logits).bytes);
        for (int row = 0; row < rows.Length; row++)
        {
            if (rows[row].IsOver) continue;
            rows[row].Advance(values.Slice(logitsRow(row) * vocabulary, vocabulary), _sampler, stops);
            if (rows[row].IsOver) leave(rows[row].Submission);
        }
    }
}
