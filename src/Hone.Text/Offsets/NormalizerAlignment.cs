using System.Text;
using System.Text.RegularExpressions;
using Hone.Text.Normalizing;

namespace Hone.Text.Offsets;

/// <summary>What a normalizer makes of a text, with the way back to the text.</summary>
internal static class NormalizerAlignment
{
    public static (string Text, Alignment Map) Apply(Normalizer? normalizer, string text, Alignment map)
    {
        switch (normalizer)
        {
            case null:
                return (text, map);
            case SequenceNormalizer sequence:
                foreach (Normalizer part in sequence.Parts) (text, map) = Apply(part, text, map);
                return (text, map);
            case PrependNormalizer prepend when text.Length > 0:
                return (prepend.Prefix + text, map.Pick([.. Enumerable.Repeat(-1, prepend.Prefix.Length), .. Enumerable.Range(0, text.Length)]));
            case ReplaceNormalizer replace:
                return Replace(text, map, Regex.Escape(replace.Pattern), replace.Content);
            case RegexReplaceNormalizer replace:
                return Replace(text, map, replace.Pattern.EnumerateMatches(text), replace.Content);
            case StripNormalizer:
                string kept = normalizer.Apply(text);
                int cut = ((StripNormalizer)normalizer).Left ? text.Length - text.TrimStart().Length : 0;
                return (kept, map.Pick([.. Enumerable.Range(cut, kept.Length)]));
            case UnicodeNormalizer unicode:
                return Unicode(unicode, text, map);
            default:
                // Lower case keeps every unit in its place.
                return (normalizer.Apply(text), map);
        }
    }

    private static (string, Alignment) Replace(string text, Alignment map, string pattern, string content) =>
        Replace(text, map, new Regex(pattern, RegexOptions.CultureInvariant).EnumerateMatches(text), content);

    // All units of the content came from all units that they replace.
    private static (string, Alignment) Replace(string text, Alignment map, Regex.ValueMatchEnumerator matches, string content)
    {
        StringBuilder result = new(text.Length);
        List<int> starts = new(text.Length), ends = new(text.Length);
        int done = 0;
        foreach (ValueMatch match in matches)
        {
            Keep(match.Index);
            result.Append(content);
            int end = match.Index + match.Length;
            int from = match.Index < text.Length ? map.StartOf(match.Index) : text.Length == 0 ? 0 : map.EndOf(text.Length - 1);
            int to = match.Length > 0 ? map.EndOf(end - 1) : from;
            for (int i = 0; i < content.Length; i++)
            {
                starts.Add(from);
                ends.Add(to);
            }
            done = end;
        }
        Keep(text.Length);
        return (result.ToString(), new Alignment([.. starts], [.. ends]));

        void Keep(int end)
        {
            for (; done < end; done++)
            {
                result.Append(text[done]);
                starts.Add(map.StartOf(done));
                ends.Add(map.EndOf(done));
            }
        }
    }

    /// <summary>
    /// A text is normalized chunk by chunk, where a chunk is a starter and all that could combine with it; every unit that
    /// comes out of a changed chunk came from the whole chunk.
    /// </summary>
    private static (string, Alignment) Unicode(UnicodeNormalizer normalizer, string text, Alignment map)
    {
        StringBuilder result = new(text.Length);
        List<int> starts = new(text.Length), ends = new(text.Length);
        for (int at = 0; at < text.Length;)
        {
            int end = at + 1;
            while (end < text.Length && !BeginsChunk(text[end])) end++;
            string chunk = normalizer.Apply(text[at..end]);
            bool same = chunk.AsSpan().SequenceEqual(text.AsSpan(at, end - at));
            for (int i = 0; i < chunk.Length; i++)
            {
                starts.Add(map.StartOf(same ? at + i : at));
                ends.Add(map.EndOf(same ? at + i : end - 1));
            }
            result.Append(chunk);
            at = end;
        }
        return (result.ToString(), new Alignment([.. starts], [.. ends]));
    }

    // Nothing in ASCII or in the ideographs combines with what stands before it.
    private static bool BeginsChunk(char c) => c < 0x80 || c is >= '\u4E00' and <= '\u9FFF';
}
