using System.Buffers;
using System.Text;

namespace Hone.Text.AddedTokens;

/// <summary>Part of a text: an added token, or plain text where <paramref name="Token"/> is null.</summary>
internal readonly record struct Segment(int Start, int Length, AddedToken? Token);

/// <summary>Finds added tokens: leftmost first, the longest among those that begin at the same place.</summary>
internal sealed class AddedTokenFinder
{
    private const int MaxCharacters = 1 << 19;
    private readonly SearchValues<char> _firstChars;
    // A trie; node 0 is the root. Most nodes have one child, which is kept with them.
    private readonly List<Node> _nodes = [default];
    private readonly Dictionary<(int Node, char Next), int> _furtherEdges = [];
    private readonly Dictionary<string, AddedToken> _byText = new(StringComparer.Ordinal);

    /// <param name="tokens">Tokens with the text to look for, which may differ from their content where that is normalized.</param>
    /// <exception cref="InputException">Their texts are too long together.</exception>
    public AddedTokenFinder(IEnumerable<(string Text, AddedToken Token)> tokens)
    {
        foreach ((string text, AddedToken token) in tokens)
        {
            if (text.Length > 0) _byText[text] = token;
        }
        long characters = _byText.Keys.Sum(text => (long)text.Length);
        if (characters > MaxCharacters)
        {
            throw new InputException($"the added tokens have {characters} characters; {MaxCharacters} are the most");
        }
        foreach ((string text, AddedToken token) in _byText) Add(text, token);
        _firstChars = SearchValues.Create(_byText.Keys.Select(t => t[0]).Distinct().ToArray());
    }

    public bool IsEmpty => _byText.Count == 0;

    /// <summary>Texts that are looked for.</summary>
    public IReadOnlyCollection<string> Texts => _byText.Keys;

    /// <summary>Segments that cover the text. Special tokens are left in plain text unless <paramref name="parseSpecial"/>.</summary>
    /// <exception cref="InputException">The tokens make the search too long.</exception>
    public void Split(ReadOnlySpan<char> text, bool parseSpecial, List<Segment> segments, TextBudget budget)
    {
        int done = 0, at = 0;
        while (Next(text, at, budget) is (int found, AddedToken token, int length))
        {
            int start = found, end = found + length;
            at = end;
            if (found < done || (token.Special && !parseSpecial) || (token.SingleWord && TouchesWord(text, start, end))) continue;
            if (token.StripsLeft) start = done + text[done..start].TrimEnd().Length;
            if (token.StripsRight) end = text.Length - text[end..].TrimStart().Length;
            if (start > done) segments.Add(new(done, start - done, null));
            segments.Add(new(start, end - start, token));
            done = end;
        }
        if (done < text.Length) segments.Add(new(done, text.Length - done, null));
    }

    /// <summary>Where the next token begins at or after <paramref name="from"/>, whatever its flags; -1 when there is none.</summary>
    public int IndexOf(ReadOnlySpan<char> text, int from, TextBudget budget) => Next(text, from, budget)?.At ?? -1;

    private void Add(string text, AddedToken token)
    {
        int node = 0;
        foreach (char c in text)
        {
            int next = Child(node, c);
            if (next == 0)
            {
                next = _nodes.Count;
                _nodes.Add(default);
                if (_nodes[node].Next == 0) _nodes[node] = _nodes[node] with { Character = c, Next = next };
                else _furtherEdges.Add((node, c), next);
            }
            node = next;
        }
        _nodes[node] = _nodes[node] with { Ends = token };
    }

    private int Child(int node, char c)
    {
        Node at = _nodes[node];
        if (at.Next == 0 || at.Character == c) return at.Next;
        return _furtherEdges.GetValueOrDefault((node, c));
    }

    /// <param name="Character">The character to its first child.</param>
    /// <param name="Next">Its first child; 0 where it has none.</param>
    /// <param name="Ends">The token that ends here.</param>
    private readonly record struct Node(char Character, int Next, AddedToken? Ends);

    private (int At, AddedToken Token, int Length)? Next(ReadOnlySpan<char> text, int from, TextBudget budget)
    {
        if (IsEmpty) return null;
        for (int at = from; at < text.Length; at++)
        {
            int skip = text[at..].IndexOfAny(_firstChars);
            if (skip < 0) return null;
            at += skip;
            AddedToken? longest = null;
            int node = 0, length = 0, walked = 0;
            while (at + walked < text.Length && (node = Child(node, text[at + walked])) != 0)
            {
                walked++;
                if (_nodes[node].Ends is { } token) (longest, length) = (token, walked);
            }
            budget.Step(walked + 1);
            if (longest is not null) return (at, longest, length);
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
