using Hone.Models;

namespace Hone.Inference;

/// <summary>
/// Which sequences are computed next, and in which blocks. Submissions take turns: whoever has least being computed comes next,
/// so that a long one does not keep a short one waiting. When blocks run out, the sequence that came last gives its own back and
/// is computed again later.
/// </summary>
internal sealed class RunningSequences
{
    private readonly IForwardEngine _engine;
    private readonly TransformerConfig _config;
    private readonly BatchLimits _limits;
    private readonly List<Submission> _submissions = [];
    private readonly List<CachedSequence> _running = [];
    // Blocks to copy before the next pass, because their sequences go on differently.
    private readonly List<(int From, int To)> _copies = [];
    private readonly BlockPool _pool;
    private int _reserved;

    public RunningSequences(IForwardEngine engine, TransformerConfig config, BatchLimits limits)
    {
        (_engine, _config, _limits) = (engine, config, limits);
        _pool = new BlockPool(MostBlocks);
    }

    public bool AreAllDone => _submissions.Count == 0;

    public void Admit(IEnumerable<Submission> submissions) => _submissions.AddRange(submissions);

    /// <summary>Takes out what is complete, cancelled or has failed.</summary>
    public List<Submission> TakeEnded()
    {
        List<Submission> ended = _submissions.FindAll(s => s.IsComplete || s.IsCancelled || s.Failure is not null);
        foreach (Submission submission in ended)
        {
            _submissions.Remove(submission);
            if (submission.IsComplete) continue;
            foreach (CachedSequence sequence in _running.FindAll(s => s.Submission == submission).Concat(submission.Waiting))
                ReleaseBlocks(sequence);
            _running.RemoveAll(s => s.Submission == submission);
        }
        return ended;
    }

    /// <summary>
    /// The next pass: one token of every sequence whose other tokens are computed, then as many of other sequences' as there is
    /// room for.
    /// </summary>
    public List<(CachedSequence Sequence, SequencePart Part)> NextPass()
    {
        MakePlaces();
        foreach (CachedSequence sequence in _running)
            if (_config.RotatesAnew(sequence.Computed, sequence.Length) && sequence.Computed > 0) ReleaseBlocks(sequence);
        int waitForToken = _running.Count(s => s.Remaining == 1);
        int room = waitForToken > 0 ? Math.Max(1, _limits.SharedPassTokens - waitForToken) : _limits.PassTokens;
        var parts = new List<(CachedSequence, SequencePart)>();
        for (int i = 0; i < _running.Count; i++) Add(_running[i]);
        while (room > 0 && NextWaiting() is { } next) Add(next);
        Reserve();
        if (_copies.Count > 0) _engine.CopyBlocks(_copies);
        _copies.Clear();
        return parts;

        void Add(CachedSequence sequence)
        {
            int count = sequence.Remaining == 1 ? 1 : Math.Min(sequence.Remaining, room);
            if (count == 0 || !HoldBlocks(sequence, sequence.Computed + count)) return;
            if (sequence.Remaining > 1) room -= count;
            parts.Add((sequence, new SequencePart(sequence.Next(count), sequence.Computed, sequence.Length, [.. sequence.Blocks],
                WantsLogits: count == sequence.Remaining)));
        }
    }

    /// <summary>What follows from a computed part: blocks that others can find, answers that go on or have ended.</summary>
    public void Finish(CachedSequence sequence, SequencePart part)
    {
        Submission submission = sequence.Submission;
        if (submission.Failure is not null) return;
        sequence.Computed = part.Length;
        for (int index = part.Start / _engine.BlockTokens; index < part.Length / _engine.BlockTokens; index++)
            _pool.Know(sequence.Blocks[index], sequence.Contents(index, _engine.BlockTokens));
        if (!part.WantsLogits) return;
        AnswerInProgress[] open = [.. sequence.Answers.Where(a => a.Completion is null)];
        if (open.Length == 0)
        {
            ReleaseBlocks(sequence);
            _running.Remove(sequence);
            submission.Running--;
            return;
        }
        sequence.Answers = open;
        if (open.Length == 1) return;
        foreach (CachedSequence other in sequence.Fork().Reverse())
        {
            other.Blocks.ForEach(_pool.Hold);
            submission.Waiting.AddFirst(other);
        }
    }

    /// <summary>Lets the next sequence in; null where none waits, or there is no place for it.</summary>
    private CachedSequence? NextWaiting()
    {
        if (_submissions.Where(s => s.Waiting.Count > 0).MinBy(s => s.Running) is not { } submission) return null;
        CachedSequence sequence = submission.Waiting.First!.Value;
        if (_running.Count >= _limits.Rows) return null;
        int needed = BlocksOf(sequence.Length + 1) - sequence.Blocks.Count;
        if (_running.Count > 0 && needed > _pool.Available) return null;
        if (sequence.Computed == 0 && !FindPrefix(sequence)) return null;
        submission.Waiting.RemoveFirst();
        submission.Running++;
        _running.Add(sequence);
        return sequence;
    }

    /// <summary>
    /// Before a pass is put together: for each submission that waits with nothing being computed, the last sequence of the one that
    /// has most makes place; it keeps its blocks.
    /// </summary>
    private void MakePlaces()
    {
        int needed = _submissions.Count(s => s is { Running: 0, Waiting.Count: > 0 });
        while (needed > _limits.Rows - _running.Count && _submissions.MaxBy(s => s.Running) is { Running: > 1 } largest)
            Suspend(_running.FindLast(s => s.Submission == largest)!);
    }

    /// <summary>Nothing of what is left can go on.</summary>
    public void Fail(Exception failure)
    {
        foreach (Submission submission in _submissions) submission.Failure ??= failure;
    }

    /// <summary>
    /// Holds the blocks that others have computed of this sequence's beginning. False where one of them is just being computed: in
    /// the next pass it is there.
    /// </summary>
    private bool FindPrefix(CachedSequence sequence)
    {
        int size = _engine.BlockTokens, most = (sequence.Length - 1) / size;
        if (_config.RotatesAnew(0, sequence.Length)) return true; // what is known was rotated otherwise
        for (int index = 0; index < most; index++)
        {
            UInt128 contents = sequence.Contents(index, size);
            if (_pool.Find(contents) is not { } block)
            {
                if (_running.Exists(s =>
                    s.Computed <= index * size && s.Length > (index + 1) * size && s.Contents(index, size) == contents))
                {
                    ReleaseBlocks(sequence);
                    return false;
                }
                break;
            }
            _pool.Hold(block);
            sequence.Blocks.Add(block);
            sequence.Computed += size;
        }
        return true;
    }

    /// <summary>Gives a sequence the blocks for so many tokens, its own to write where it goes on.</summary>
    private bool HoldBlocks(CachedSequence sequence, int length)
    {
        int first = sequence.Computed / _engine.BlockTokens;
        if (first < sequence.Blocks.Count && _pool.IsShared(sequence.Blocks[first]))
        {
            if (Take(sequence) is not { } own) return false;
            _copies.Add((sequence.Blocks[first], own));
            _pool.Release(sequence.Blocks[first]);
            sequence.Blocks[first] = own;
        }
        while (sequence.Blocks.Count < BlocksOf(length))
        {
            if (Take(sequence) is not { } block) return false;
            sequence.Blocks.Add(block);
        }
        return true;
    }

    /// <summary>A block for that sequence, from others if need be; null where it had to give back its own.</summary>
    private int? Take(CachedSequence sequence)
    {
        while (true)
        {
            if (_pool.Take() is { } block) return block;
            if (_submissions.SelectMany(s => s.Waiting).FirstOrDefault(s => s.Blocks.Count > 0) is { } waiting)
            {
                ReleaseBlocks(waiting);
                continue;
            }
            CachedSequence last = _running[^1];
            if (last == sequence && _running.Count == 1) return _pool.Take(beyondLimit: true);
            ReleaseBlocks(last);
            Suspend(last);
            if (last == sequence) return null;
        }
    }

    private void Suspend(CachedSequence sequence)
    {
        _running.Remove(sequence);
        sequence.Submission.Running--;
        sequence.Submission.Waiting.AddFirst(sequence);
    }

    private void ReleaseBlocks(CachedSequence sequence)
    {
        _copies.RemoveAll(copy => sequence.Blocks.Contains(copy.To));
        sequence.Blocks.ForEach(_pool.Release);
        sequence.Blocks.Clear();
        sequence.Computed = 0;
    }

    /// <summary>
    /// Lets the engine have all blocks of the pool at once, because growing copies. On the CPU those that are never written take no
    /// memory.
    /// </summary>
    private void Reserve()
    {
        if (_pool.Count <= _reserved) return;
        int count = Math.Max(_pool.Count, MostBlocks);
        _engine.Reserve(count);
        _reserved = count;
    }

    private int BlocksOf(int tokens) => (tokens + _engine.BlockTokens - 1) / _engine.BlockTokens;

    private int MostBlocks => (int)Math.Clamp(
        _limits.CacheBytes / _engine.BlockBytes, 1, Math.Min(int.MaxValue, (long)_limits.Rows * BlocksOf(_config.MaxPositions)));
}
