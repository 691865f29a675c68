namespace Hone.Text.Bpe;

/// <summary>
/// Remembers how pieces were split. Direct-mapped, of fixed size, and safe to share between threads: an entry is immutable
/// and replaced whole.
/// </summary>
internal sealed class PieceCache
{
    public const int MaxPiece = 64;
    private const int Size = 1 << 15;
    private readonly Entry?[] _entries = new Entry?[Size];

    public bool TryGet(ReadOnlySpan<byte> piece, uint hash, out ReadOnlySpan<int> ids)
    {
        Entry? entry = Volatile.Read(ref _entries[hash & (Size - 1)]);
        bool hit = entry is not null && entry.Piece.AsSpan().SequenceEqual(piece);
        ids = hit ? entry!.Ids : default;
        return hit;
    }

    public void Put(ReadOnlySpan<byte> piece, uint hash, ReadOnlySpan<int> ids) =>
        Volatile.Write(ref _entries[hash & (Size - 1)], new Entry(piece.ToArray(), ids.ToArray()));

    private sealed record Entry(byte[] Piece, int[] Ids);
}
