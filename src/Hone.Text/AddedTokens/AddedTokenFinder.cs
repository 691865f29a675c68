using System.Buffers;
using System.Text;

namespace Hone.Text.AddedTokens;

/// <summary>Part of a text: an added token, or plain text where <paramref name="Token"/> is null.</summary>
internal readonly record struct Segment(int Start, int Length, AddedToken? Token);

/// <summary>Finds added tokens: leftmost first, the longest among those that begin at the same place.</summary>
internal sealed class AddedTokenFinder
{
    private readonly SearchValues<char> _firstChars;
    private readonly Dictionary<string, AddedToken> _byText;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private readonly int[] _lengths;

    /// <param name="tokens">Tokens with the text to look for, which may differ from their content where that is normalized.</param>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        _byText = new(StringComparer.Ordinal);
        foreach ((string text, AddedToken token) in tokens)
        {
            if (text.Length > 0) _byText[text] = token;
        }
        _lookup = _byText.GetAlternateLookup<ReadOnlySpan<char>>();
        _firstChars = SearchValues.Create(_byText.Keys.Select(t => t[0]).Distinct().ToArray());
        _lengths = _byText.Keys.Select(t => t.Length).Distinct().OrderDescending().ToArray();
    }

    public bool IsEmpty => _byText.Count == 0;

    /// <summary>Segments that cover the text. Special tokens are left in plain text unless <paramref name="parseSpecial"/>.</summary>
    public void Split(ReadOnlySpan<char> text, bool parseSpecial, List<Segment> segments)
    {
        int done = 0, at = 0;
        while (Next(text, at) is (int found, AddedToken token, int length))
        {
            int start = found, end = found + length;
            at = end;
            if ((token.Special && !parseSpecial) || (token.SingleWord && TouchesWord(text, start, end))) continue;
            if (token.StripsLeft) start = Math.Max(done, text[..start].TrimEnd().Length);
            if (token.StripsRight) end = text.Length - text[end..].TrimStart().Length;
            if (start < done) continue;
            if (start > done) segments.Add(new(done, start - done, null));
            segments.Add(new(start, end - start, token));
            done = end;
        }
        if (done < text.Length) segments.Add(new(done, text.Length - done, null));
    }

    /// <summary>Where the next token begins at or after <paramref name="from"/>, whatever its flags; -1 when there is none.</summary>
    public int IndexOf(ReadOnlySpan<char> text, int from) => Next(text, from)?.At ?? -1;

    /// <summary>Texts that are looked for.</summary>
    public IReadOnlyCollection<string> Texts => _byText.Keys;

    private (int At, AddedToken Token, int Length)? Next(ReadOnlySpan<char> text, int from)
    {
        if (IsEmpty) return null;
        for (int at = from; at < text.Length; at++)
        {
            int skip = text[at..].IndexOfAny(_firstChars);
            if (skip < 0) return null;
            at += skip;
            foreach (int length in _lengths)
            {
                if (length <= text.Length - at && _lookup.TryGetValue(text.Slice(at, length), out AddedToken? token))
                {
                    return (at, token, length);
                }
            }
        }
        return null;
    }

    private static bool TouchesWord(ReadOnlySpan<char> text, int start, int end)
    {
        bool before = start > 0 && Rune.DecodeLastFromUtf16(text[..start], out Rune left, out _) == OperationStatus.Done && IsWord(left);
        return before
            || (end < text.Length && Rune.DecodeFromUtf16(text[end..], out Rune right, out _) == OperationStatus.Done && IsWord(right));
    }

    private static bool IsWord(Rune rune) => Rune.IsLetterOrDigit(rune) || Rune.GetUnicodeCategory(rune) is
        System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark
        or System.Globalization.UnicodeCategory.EnclosingMark or System.Globalization.UnicodeCategory.ConnectorPunctuation;
}
