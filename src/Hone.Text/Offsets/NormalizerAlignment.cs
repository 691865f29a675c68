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
            case StripNormalizer strip:
                string kept = strip.Apply(text);
                int cut = strip.Left ? text.Length - text.TrimStart().Length : 0;
                return (kept, map.Pick([.. Enumerable.Range(cut, kept.Length)]));
            case UnicodeNormalizer unicode:
                return Rewrite(unicode.Rewrite(text), text, map);
            case LowercaseNormalizer:
                // Every other letter keeps its place.
                return Replace(text.ToLowerInvariant(), map, LowercaseNormalizer.DottedI, LowercaseNormalizer.LowerDottedI);
            default:
                throw new NotSupportedException($"no alignment for {normalizer.GetType().Name}");
        }
    }

    private static (string, Alignment) Replace(string text, Alignment map, string pattern, string content) =>
        Replace(text, map, new Regex(pattern, RegexOptions.CultureInvariant).EnumerateMatches(text), content);

    // All of the content has the place of the last character that it replaces, as in Hugging Face's tokenizers.
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
            int from = end > 0 ? map.StartOf(end - 1) : 0;
            int to = end > 0 ? map.EndOf(end - 1) : 0;
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

    // An inserted character has the place of the one before it.
    private static (string, Alignment) Rewrite(IReadOnlyList<Rewritten> characters, string text, Alignment map)
    {
        StringBuilder result = new(text.Length);
        List<int> starts = new(text.Length), ends = new(text.Length);
        int at = 0;
        foreach ((int point, int change) in characters)
        {
            int from = change > 0 ? Math.Max(at - 1, 0) : Math.Min(at, text.Length - 1);
            int before = result.Length;
            result.Append(new Rune(point));
            for (int i = before; i < result.Length; i++)
            {
                starts.Add(map.StartOf(from));
                ends.Add(map.EndOf(from));
            }
            for (int replaced = 1 - change; replaced > 0 && at < text.Length; replaced--)
            {
                at += char.IsHighSurrogate(text[at]) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]) ? 2 : 1;
            }
        }
        return (result.ToString(), new Alignment([.. starts], [.. ends]));
    }
}
