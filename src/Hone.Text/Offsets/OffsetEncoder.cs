using System.Text;
using Hone.Text.AddedTokens;
using Hone.Text.Bpe;
using Hone.Text.Splitting;
using Hone.Text.TokenizerFile;

namespace Hone.Text.Offsets;

/// <summary>
/// The way of <see cref="Tokenizer.Encode"/>, with the place of every token kept. Slower: nothing is cached, and texts carry
/// their alignment.
/// </summary>
internal sealed class OffsetEncoder(TokenizerParts parts, AddedTokenFinder raw, AddedTokenFinder normalized, string text, bool parseSpecial)
{
    private readonly List<TokenSpan> _spans = [];
    private readonly TextBudget _budget = new(text.Length);

    public List<TokenSpan> Encode()
    {
        List<Segment> segments = [];
        raw.Split(text, parseSpecial, segments, _budget);
        foreach (Segment segment in segments)
        {
            if (segment.Token is not null) _spans.Add(new TokenSpan(segment.Token.Id, segment.Start, segment.Start + segment.Length));
            else EncodeSegment(segment.Start, segment.Length);
        }
        if (parts.Surroundings.TrimsSpans) Trim();
        return _spans;
    }

    // By the spelling of the token, as the reference does: "Ġ" and white space count.
    private void Trim()
    {
        for (int i = 0; i < _spans.Count; i++)
        {
            (int id, int start, int end) = _spans[i];
            string spelled = Encoding.UTF8.GetString(parts.Spelled.BytesOf(id));
            int leading = spelled.TakeWhile(IsSpace).Count(), trailing = spelled.Reverse().TakeWhile(IsSpace).Count();
            bool added = leading == 1 && (i == 0 || start == 0) && parts.Surroundings.KeepsFirstSpace;
            if (!added)
            {
                for (; leading > 0 && start < end; leading--) start += char.IsHighSurrogate(text[start]) ? 2 : 1;
            }
            for (; trailing > 0 && end > start; trailing--) end -= char.IsLowSurrogate(text[end - 1]) ? 2 : 1;
            _spans[i] = new TokenSpan(id, start, end);
        }

        static bool IsSpace(char c) => c == ByteAlphabet.CharOf((byte)' ') || char.IsWhiteSpace(c);
    }

    private void EncodeSegment(int start, int length)
    {
        (string rewritten, Alignment map) = NormalizerAlignment.Apply(
            parts.Normalizer, text.Substring(start, length), Alignment.Identity(text.AsSpan(start, length), start), _budget);
        List<Segment> segments = [];
        normalized.Split(rewritten, parseSpecial, segments, _budget);
        foreach (Segment segment in segments)
        {
            if (segment.Token is { } token)
            {
                _spans.Add(new TokenSpan(token.Id, map.StartOf(segment.Start), map.EndOf(segment.Start + segment.Length - 1)));
            }
            else EncodePieces(new Piece(rewritten, segment.Start, segment.Length, map), opensText: start == 0 && segment.Start == 0);
        }
    }

    private void EncodePieces(Piece piece, bool opensText)
    {
        List<Piece> pieces = [];
        if (parts.PreTokenizer is null) pieces.Add(piece);
        else parts.PreTokenizer.Split(piece, opensText, pieces, _budget);
        foreach (Piece part in pieces) EncodePiece(part);
    }

    private void EncodePiece(Piece piece)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(piece.Span.ToString());
        int[] unitOfByte = UnitsOfBytes(piece.Span, utf8.Length);
        List<int> ids = [];
        parts.Model.Encode(utf8, ids);
        int at = 0;
        foreach ((int id, int length) in parts.Model.Lengths(utf8, ids))
        {
            int first = piece.Start + unitOfByte[at], last = piece.Start + unitOfByte[at + length - 1];
            _spans.Add(new TokenSpan(id, piece.Map!.StartOf(first), piece.Map.EndOf(last)));
            at += length;
        }
    }

    /// <summary>The unit, from the piece's start, of the character that each byte belongs to.</summary>
    private static int[] UnitsOfBytes(ReadOnlySpan<char> span, int bytes)
    {
        int[] units = new int[bytes];
        int unit = 0, at = 0;
        foreach (Rune rune in span.EnumerateRunes())
        {
            // Half a pair is enumerated, and encoded, as U+FFFD; it takes one unit as that does.
            for (int i = 0; i < rune.Utf8SequenceLength; i++) units[at++] = unit;
            unit += rune.Utf16SequenceLength;
        }
        return units;
    }
}
