namespace Hone.Text.Decoding;

/// <summary>What becomes of a run of byte tokens (&lt;0xNN&gt;) that is not valid UTF-8.</summary>
internal enum BadBytes
{
    /// <summary>Every byte of the run becomes U+FFFD (the ByteFallback decoder of Hugging Face's tokenizers).</summary>
    ReplaceRun,

    /// <summary>Each byte that is not part of a character becomes U+FFFD (SentencePiece).</summary>
    ReplaceByte,
}

/// <summary>
/// The decoder section of tokenizer.json, boiled down: each token stands for some bytes, whatever its neighbours, and only the
/// beginning of a text and runs of byte tokens are special.
/// </summary>
/// <param name="bytes">Bytes by id; null where there is no token.</param>
internal sealed class TokenDecoder(byte[]?[] bytes)
{
    /// <summary>Bytes of a token that opens the text, where they differ (Metaspace).</summary>
    public byte[]?[]? FirstBytes { get; init; }

    /// <summary>How many <see cref="Strip"/> bytes to drop at most from the beginning of the text.</summary>
    public int StripStart { get; init; }

    /// <summary>The byte dropped from the beginning.</summary>
    public byte Strip { get; init; } = (byte)' ';

    /// <summary>Ids of the byte tokens.</summary>
    public IReadOnlySet<int> ByteTokens { get; init; } = new HashSet<int>();

    public BadBytes BadBytes { get; init; }

    /// <summary>Empty for an id that no token has: models pad their vocabulary beyond the tokenizer's.</summary>
    public ReadOnlySpan<byte> BytesOf(int id, bool opensText)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(id);
        byte[]?[] table = opensText && FirstBytes is not null ? FirstBytes : bytes;
        return id < table.Length ? table[id] : default;
    }
}
