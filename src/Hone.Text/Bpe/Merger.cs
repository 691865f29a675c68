using System.Runtime.InteropServices;

namespace Hone.Text.Bpe;

/// <summary>
/// Byte-pair merging (Sennrich et al. 2016): the pair of lowest rank merges first, the leftmost among equals, until none is left.
/// Words take a scan over an array; long pieces (a whole text, where there is no pre-tokenizer) a heap, O(n log n).
/// </summary>
internal static class Merger
{
    private const int ScanLimit = 48;

    public static void Merge(MergeTable merges, List<int> symbols)
    {
        if (symbols.Count < 2) return;
        int kept = symbols.Count <= ScanLimit
            ? Scan(merges, CollectionsMarshal.AsSpan(symbols))
            : Heap(merges, CollectionsMarshal.AsSpan(symbols));
        CollectionsMarshal.SetCount(symbols, kept);
    }

    internal static int Scan(MergeTable merges, Span<int> ids)
    {
        Span<long> pairs = stackalloc long[ScanLimit];
        int count = ids.Length;
        for (int i = 0; i + 1 < count; i++) pairs[i] = merges.Get(ids[i], ids[i + 1]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                if (pairs[i] >> 32 < pairs[best] >> 32) best = i;
            }
            if (pairs[best] == long.MaxValue) break;
            ids[best] = (int)pairs[best];
            ids[(best + 2)..count].CopyTo(ids[(best + 1)..]);
            pairs[(best + 1)..(count - 1)].CopyTo(pairs[best..]);
            count--;
            if (best > 0) pairs[best - 1] = merges.Get(ids[best - 1], ids[best]);
            if (best + 1 < count) pairs[best] = merges.Get(ids[best], ids[best + 1]);
        }
        return count;
    }

    internal static int Heap(MergeTable merges, Span<int> ids)
    {
        int count = ids.Length;
        int[] next = new int[count], previous = new int[count];
        PriorityQueue<(int At, int Left, int Right), ulong> queue = new(count);
        for (int i = 0; i < count; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
        }
        for (int i = 0; i + 1 < count; i++) Offer(merges, queue, ids, i, i + 1);
        while (queue.TryDequeue(out (int At, int Left, int Right) pair, out _))
        {
            int at = pair.At, right = next[at];
            // A pair that changed since it was queued is stale; merged-away symbols are -1.
            if (ids[at] != pair.Left || right >= count || ids[right] != pair.Right) continue;
            ids[at] = (int)merges.Get(pair.Left, pair.Right);
            ids[right] = -1;
            next[at] = next[right];
            if (next[at] < count)
            {
                previous[next[at]] = at;
                Offer(merges, queue, ids, at, next[at]);
            }
            if (previous[at] >= 0) Offer(merges, queue, ids, previous[at], at);
        }
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            if (ids[i] >= 0) ids[kept++] = ids[i];
        }
        return kept;
    }

    private static void Offer(MergeTable merges, PriorityQueue<(int, int, int), ulong> queue, Span<int> ids, int at, int right)
    {
        long merge = merges.Get(ids[at], ids[right]);
        if (merge == long.MaxValue) return;
        queue.Enqueue((at, ids[at], ids[right]), ((ulong)(merge >> 32) << 32) | (uint)at);
    }
}
