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
    // Tokens that are out of sight of all layers from so many tokens on; null where a layer sees all.
    private readonly int? _window;
    private readonly int[] _guess = new int[PromptLookup.Longest];
    private readonly List<(CachedSequence, SequencePart)> _parts = [];
    private int _reserved;

    public RunningSequences(IForwardEngine engine, TransformerConfig config, BatchLimits limits)
    {
        (_engine, _config, _limits) = (engine, config, limits);
        _pool = new BlockPool(MostBlocks);
        int?[] windows = [.. Enumerable.Range(0, config.LayerCount).Select(config.WindowOf)];
        _window = windows.Contains(null) ? null : windows.Max();
    }

    public bool AreAllDone => _submissions.Count == 0;

    public void Admit(IEnumerable<Submission> submissions) => _submissions.AddRange(submissions);

    /// <summary>Takes out what is complete, cancelled or has failed.</summary>
    public void TakeEnded(List<Submission> ended)
    {
        for (int i = _submissions.Count - 1; i >= 0; i--)
        {
            Submission submission = _submissions[i];
            if (!submission.IsComplete && !submission.IsCancelled && submission.Failure is null) continue;
            _submissions.RemoveAt(i);
            ended.Add(submission);
            if (submission.IsComplete) continue;
            foreach (CachedSequence sequence in _running.FindAll(s => s.Submission == submission).Concat(submission.Waiting))
                ReleaseBlocks(sequence);
            _running.RemoveAll(s => s.Submission == submission);
            foreach (BeamSearch search in submission.Searches) search.Release(this);
        }
    }

    /// <summary>A step of every beam search.</summary>
    public void StepSearches(StopRules stops)
    {
        foreach (Submission submission in _submissions)
        {
            if (submission.Searches.Count == 0 || submission.IsCancelled || submission.Failure is not null) continue;
            try
            {
                for (int i = submission.Searches.Count - 1; i >= 0; i--)
                    if (submission.Searches[i].Step(_engine, this, stops, _limits.PassTokens, _config.VocabularySize))
                        submission.Searches.RemoveAt(i);
            }
            catch (Exception e)
            {
                submission.Failure = e;
            }
        }
    }

    /// <summary>
    /// Lets a beam's blocks hold so many tokens, their own to write behind those that are computed. A beam search keeps its blocks, so
    /// they are made where there are none left. The engine has them after <see cref="MakeReady"/>.
    /// </summary>
    public void Lend(List<int> blocks, int computed, int length) => HoldBlocks(blocks, computed, length, sequence: null);

    /// <summary>Lets the engine have the blocks that were given, with what they are copies of.</summary>
    public void MakeReady()
    {
        try
        {
            Reserve();
            if (_copies.Count > 0) _engine.CopyBlocks(_copies);
        }
        finally
        {
            _copies.Clear(); // who was to get them fails
        }
    }

    /// <summary>The same blocks for one holder more.</summary>
    public List<int> Share(List<int> blocks)
    {
        blocks.ForEach(_pool.Hold);
        return [.. blocks];
    }

    public void GiveBack(List<int> blocks) => blocks.ForEach(_pool.Release);

    /// <summary>
    /// The next pass: one token of every sequence whose other tokens are computed, then as many of other sequences' as there is
    /// room for.
    /// </summary>
    /// <returns>Valid until the next call.</returns>
    public IReadOnlyList<(CachedSequence Sequence, SequencePart Part)> NextPass()
    {
        MakePlaces();
        int waitForToken = 0;
        foreach (CachedSequence sequence in _running)
        {
            if (_config.RotatesAnew(sequence.Computed, sequence.Length) && sequence.Computed > 0) ReleaseBlocks(sequence);
            waitForToken += sequence.Remaining == 1 ? 1 : 0;
            if (_window is { } window) LeaveWindow(sequence, window);
        }
        int room = waitForToken > 0 ? Math.Max(1, _limits.SharedPassTokens - waitForToken) : _limits.PassTokens;
        _parts.Clear();
        for (int i = 0; i < _running.Count; i++) Add(_running[i], ref room);
        while (room > 0 && NextWaiting() is { } next) Add(next, ref room);
        if (_engine.GuessesPay && _running is [{ Remaining: 1, Answers.Count: 1 } alone] && _parts.Count == 1) Guess(alone);
        MakeReady();
        return _parts;
    }

    private void Add(CachedSequence sequence, ref int room)
    {
        int count = sequence.Remaining == 1 ? 1 : Math.Min(sequence.Remaining, room);
        if (count == 0 || !HoldBlocks(sequence.Blocks, sequence.Computed, sequence.Computed + count, sequence)) return;
        if (sequence.Remaining > 1) room -= count;
        _parts.Add((sequence, new SequencePart(sequence.Next(count), sequence.Computed, sequence.Length, sequence.Blocks,
            WantsLogits: count == sequence.Remaining)));
    }

    /// <summary>Lets the only sequence be computed with a guess, where there are blocks for it.</summary>
    private void Guess(CachedSequence sequence)
    {
        AnswerInProgress answer = sequence.Answers[0];
        int most = Math.Min(answer.LongestLength - sequence.Length - 1, PromptLookup.Longest);
        if (most < 1 || BlocksOf(sequence.Length + most) - sequence.Blocks.Count > _pool.Available) return;
        if (_config.RotatesAnew(sequence.Computed, sequence.Length + most)) return;
        int count = (sequence.Lookup ??= new PromptLookup()).Guess(answer.Tokens.Span, _guess, most);
        if (count == 0 || !HoldBlocks(sequence.Blocks, sequence.Computed, sequence.Length + count, sequence)) return;
        sequence.Guess = _guess.AsMemory(0, count);
    }

    /// <summary>Gives back the blocks whose tokens no later token sees.</summary>
    private void LeaveWindow(CachedSequence sequence, int window)
    {
        // The first block that stays is a full one: its number stands for those that go, and some kernels read what they mask.
        int size = _engine.BlockTokens;
        int first = Math.Min(Math.Max(0, sequence.Computed - window + 1) / size, (sequence.Computed / size) - 1);
        if (first <= sequence.FirstBlock) return;
        for (int i = sequence.FirstBlock; i < first; i++) _pool.Release(sequence.Blocks[i]);
        for (int i = 0; i < first; i++) sequence.Blocks[i] = sequence.Blocks[first];
        sequence.FirstBlock = first;
    }

    /// <summary>What follows from a computed part: blocks that others can find, answers that go on or have ended.</summary>
    public void Finish(CachedSequence sequence, SequencePart part)
    {
        Submission submission = sequence.Submission;
        if (submission.Failure is not null) return;
        // Of a guess what was right: all tokens but the last are computed.
        sequence.Computed = part.WantsLogits ? sequence.Length - 1 : part.Length;
        for (int index = part.Start / _engine.BlockTokens; index < sequence.Computed / _engine.BlockTokens; index++)
            _pool.Know(sequence.Blocks[index], sequence.Contents(index, _engine.BlockTokens));
        if (!part.WantsLogits) return;
        if (sequence.Answers is [{ Completion: null }]) return;
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
            for (int i = other.FirstBlock; i < other.Blocks.Count; i++) _pool.Hold(other.Blocks[i]);
            submission.Waiting.AddFirst(other);
        }
    }

    /// <summary>Lets the next sequence in; null where none waits, or there is no place for it.</summary>
    private CachedSequence? NextWaiting()
    {
        Submission? submission = null;
        foreach (Submission other in _submissions)
            if (other.Waiting.Count > 0 && !(submission?.Running <= other.Running)) submission = other;
        if (submission is null) return null;
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
        int needed = 0;
        foreach (Submission submission in _submissions) needed += submission is { Running: 0, Waiting.Count: > 0 } ? 1 : 0;
        if (needed == 0) return;
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

    /// <summary>Adds the blocks for so many tokens, their holder's own to write where it goes on.</summary>
    /// <param name="sequence">Whose they are; null for a beam's.</param>
    private bool HoldBlocks(List<int> blocks, int computed, int length, CachedSequence? sequence)
    {
        int first = computed / _engine.BlockTokens;
        if (first < blocks.Count && _pool.IsShared(blocks[first]))
        {
            if (Take(sequence) is not { } own) return false;
            _copies.Add((blocks[first], own));
            _pool.Release(blocks[first]);
            blocks[first] = own;
        }
        while (blocks.Count < BlocksOf(length))
        {
            if (Take(sequence) is not { } block) return false;
            blocks.Add(block);
        }
        return true;
    }

    /// <summary>A block for that sequence, from others if need be, or for a beam; null where it had to give back its own.</summary>
    private int? Take(CachedSequence? sequence)
    {
        if (sequence is null) return _pool.Take(beyondLimit: true);
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
        if (_copies.Count > 0) _copies.RemoveAll(copy => sequence.Blocks.Contains(copy.To));
        for (int i = sequence.FirstBlock; i < sequence.Blocks.Count; i++) _pool.Release(sequence.Blocks[i]);
        sequence.Blocks.Clear();
        (sequence.Computed, sequence.FirstBlock) = (0, 0);
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
