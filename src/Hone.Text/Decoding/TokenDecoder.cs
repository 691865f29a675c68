namespace Hone.Text.Decoding;

/// <summary>
/// The decoder section of tokenizer.json, boiled down: each token stands for some bytes, whatever its neighbours, and only the
/// beginning of a text is special.
/// </summary>
internal sealed class TokenDecoder
{
    private readonly byte[]?[] _bytes;
    private readonly byte[]?[]? _firstBytes;

    /// <param name="bytes">Bytes by id; null where there is no token.</param>
    /// <param name="firstBytes">Bytes of a token that opens the text, where they differ (Metaspace).</param>
    /// <param name="stripStart">How many <paramref name="strip"/> bytes to drop at most from the beginning of the text.</param>
    /// <param name="strip">The byte dropped from the beginning.</param>
    public TokenDecoder(byte[]?[] bytes, byte[]?[]? firstBytes, int stripStart, byte strip)
    {
        (_bytes, _firstBytes, StripStart, Strip) = (bytes, firstBytes, stripStart, strip);
    }

    public int StripStart { get; }

    public byte Strip { get; }

    /// <summary>Empty for an id that no token has: models pad their vocabulary beyond the tokenizer's.</summary>
    public ReadOnlySpan<byte> BytesOf(int id, bool opensText)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        byte[]?[] table = opensText && _firstBytes is not null ? _firstBytes : _bytes;
        return id < table.Length ? table[id] : default;
    }
}
