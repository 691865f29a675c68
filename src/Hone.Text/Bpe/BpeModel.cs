using System.Runtime.InteropServices;
using System.Text;

namespace Hone.Text.Bpe;

/// <summary>What a piece of text is split into before merging: single bytes, or characters with a rule for the unknown ones.</summary>
internal sealed record BpeRules(bool ByteLevel, bool ByteFallback, bool FuseUnknown, bool IgnoreMerges, int? UnknownId)
{
    /// <summary>Ids that a piece spelled like them becomes, whatever the merges say.</summary>
    public IReadOnlySet<int> Whole { get; init; } = new HashSet<int>();
}

/// <summary>Pieces of UTF-8 text to ids. Safe for many threads at once.</summary>
internal sealed class BpeModel
{
    private readonly TokenTable _pieces;
    private readonly MergeTable _merges;
    private readonly BpeRules _rules;
    private readonly HashSet<int> _control;
    private readonly int[] _bytes = new int[256];
    private readonly PieceCache _cache = new();

    /// <param name="pieces">Tokens as the bytes that they stand for in the text.</param>
    /// <param name="merges">Pairs that merge.</param>
    /// <param name="rules">How to start and what to do with the unknown.</param>
    /// <param name="control">Ids that plain text must never become, even where the vocabulary spells them.</param>
    /// <param name="fallbackBytes">Id of each byte's own token (byte-level alphabet or &lt;0xNN&gt;), -1 where there is none.</param>
    public BpeModel(TokenTable pieces, MergeTable merges, BpeRules rules, HashSet<int> control, ReadOnlySpan<int> fallbackBytes)
    {
        (_pieces, _merges, _rules, _control) = (pieces, merges, rules, control);
        fallbackBytes.CopyTo(_bytes);
    }

    public void Encode(ReadOnlySpan<byte> piece, List<int> ids)
    {
        if (piece.IsEmpty) return;
        if ((_rules.IgnoreMerges || _rules.Whole.Count > 0) && _pieces.TryGet(piece, out int whole)
            && (_rules.IgnoreMerges ? !_control.Contains(whole) : _rules.Whole.Contains(whole)))
        {
            ids.Add(whole);
            return;
        }
        bool cacheable = piece.Length <= PieceCache.MaxPiece;
        uint hash = cacheable ? TokenTable.Hash(piece) : 0;
        if (cacheable && _cache.TryGet(piece, hash, out ReadOnlySpan<int> known))
        {
            ids.AddRange(known);
            return;
        }
        List<int> symbols = new(piece.Length);
        if (_rules.ByteLevel) SplitBytes(piece, symbols);
        else SplitCharacters(piece, symbols);
        Merger.Merge(_merges, symbols);
        ids.AddRange(CollectionsMarshal.AsSpan(symbols));
        if (cacheable) _cache.Put(piece, hash, CollectionsMarshal.AsSpan(symbols));
    }

    /// <summary>How many bytes of the piece each of its ids stands for.</summary>
    public IEnumerable<(int Id, int Length)> Lengths(byte[] piece, IReadOnlyList<int> ids)
    {
        int at = 0;
        foreach (int id in ids)
        {
            int length = LengthAt(piece.AsSpan(at), id);
            yield return (id, length);
            at += length;
        }
    }

    private int LengthAt(ReadOnlySpan<byte> rest, int id)
    {
        if (_pieces.Has(id) && rest.StartsWith(_pieces.BytesOf(id))) return _pieces.BytesOf(id).Length;
        if (Array.IndexOf(_bytes, id) == rest[0]) return 1;
        // The unknown token: one character, or as many as were fused.
        int length = 0;
        do
        {
            int used = 1;
            if (!_rules.ByteLevel) Rune.DecodeFromUtf8(rest[length..], out _, out used);
            length += used;
        }
        while (_rules.FuseUnknown && length < rest.Length && IsUnknown(rest[length..]));
        return length;
    }

    private bool IsUnknown(ReadOnlySpan<byte> rest)
    {
        if (_rules.ByteLevel) return _bytes[rest[0]] < 0;
        Rune.DecodeFromUtf8(rest, out _, out int used);
        ReadOnlySpan<byte> character = rest[..used];
        return !_pieces.TryGet(character, out _) && !(_rules.ByteFallback && AllBytesKnown(character));
    }

    private void SplitBytes(ReadOnlySpan<byte> piece, List<int> symbols)
    {
        bool afterUnknown = false;
        foreach (byte b in piece)
        {
            bool unknown = _bytes[b] < 0;
            if (!unknown) symbols.Add(_bytes[b]);
            else if (!(afterUnknown && _rules.FuseUnknown)) symbols.Add(Unknown(piece));
            afterUnknown = unknown;
        }
    }

    private void SplitCharacters(ReadOnlySpan<byte> piece, List<int> symbols)
    {
        bool afterUnknown = false;
        while (!piece.IsEmpty)
        {
            Rune.DecodeFromUtf8(piece, out _, out int used);
            ReadOnlySpan<byte> character = piece[..used];
            bool unknown = false;
            if (_pieces.TryGet(character, out int id)) symbols.Add(id);
            else if (_rules.ByteFallback && AllBytesKnown(character))
            {
                foreach (byte b in character) symbols.Add(_bytes[b]);
            }
            else
            {
                unknown = true;
                if (!(afterUnknown && _rules.FuseUnknown)) symbols.Add(Unknown(character));
            }
            afterUnknown = unknown;
            piece = piece[used..];
        }
    }

    private bool AllBytesKnown(ReadOnlySpan<byte> character)
    {
        foreach (byte b in character)
        {
            if (_bytes[b] < 0) return false;
        }
        return true;
    }

    // The reference implementation drops such text silently; a training text that loses characters is worse than an error.
    private int Unknown(ReadOnlySpan<byte> text) => _rules.UnknownId ?? throw new InputException(
        $"the tokenizer has no token for '{Encoding.UTF8.GetString(text)}' and names no unk_token",
        fix: "add the missing byte or character to the vocabulary, or an unk_token");
}
