using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Hone.Data;

/// <summary>
/// Finds training texts that hold part of an evaluation text: the same <c>n</c> words in a row, case and punctuation aside
/// (Brown et al. 2020, arXiv 2005.14165, appendix C, with n = 13). Evaluation texts shorter than n words are looked for
/// whole, down to <see cref="ShortestWords"/>; still shorter ones are not looked for and counted.
/// </summary>
public sealed class NgramOverlap(int n = NgramOverlap.UsualWords)
{
    public const int UsualWords = 13, ShortestWords = 8;
    private readonly Dictionary<ulong, int> _grams = [];
    private readonly List<string> _names = [];
    private readonly SortedSet<int> _lengths = [];

    /// <summary>Evaluation texts that are looked for.</summary>
    public int Texts => _names.Count;

    /// <summary>Evaluation texts too short to look for.</summary>
    public int TooShort { get; private set; }

    /// <param name="name">Names the text in results, such as <c>test.jsonl:17</c>.</param>
    public void Add(string name, string text)
    {
        ulong[] words = Words(text);
        if (words.Length < Math.Min(n, ShortestWords))
        {
            TooShort++;
            return;
        }
        int length = Math.Min(n, words.Length);
        _lengths.Add(length);
        _names.Add(name);
        for (int at = 0; at + length <= words.Length; at++) _grams.TryAdd(Gram(words.AsSpan(at, length)), _names.Count - 1);
    }

    /// <summary>The first evaluation text that this one shares words with, or null.</summary>
    public string? Find(string text)
    {
        if (_grams.Count == 0) return null;
        ulong[] words = Words(text);
        for (int at = 0; at < words.Length; at++)
        {
            foreach (int length in _lengths)
            {
                if (at + length <= words.Length && _grams.TryGetValue(Gram(words.AsSpan(at, length)), out int name)) return _names[name];
            }
        }
        return null;
    }

    private static ulong Gram(ReadOnlySpan<ulong> words) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(words));

    /// <summary>A hash of each word: a run of letters and digits, in lower case.</summary>
    private static ulong[] Words(string text)
    {
        List<ulong> words = [];
        int start = -1;
        string lower = text.ToLowerInvariant();
        for (int at = 0; at <= lower.Length; at++)
        {
            bool inside = at < lower.Length && char.IsLetterOrDigit(lower[at]);
            if (inside && start < 0) start = at;
            if (inside || start < 0) continue;
            words.Add(XxHash3.HashToUInt64(MemoryMarshal.AsBytes(lower.AsSpan(start, at - start))));
            start = -1;
        }
        return [.. words];
    }
}
