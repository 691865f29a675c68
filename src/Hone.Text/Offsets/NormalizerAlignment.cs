using System.Text;
using Hone.Text.Normalizing;

namespace Hone.Text.Offsets;

/// <summary>What a normalizer makes of a text, with the way back to the text.</summary>
internal static class NormalizerAlignment
{
    public static (string Text, Alignment Map) Apply(Normalizer? normalizer, string text, Alignment map, TextBudget budget)
    {
        switch (normalizer)
        {
            case null:
                return (text, map);
            case SequenceNormalizer sequence:
                foreach (Normalizer part in sequence.Parts) (text, map) = Apply(part, text, map, budget);
                return (text, map);
            case PrependNormalizer prepend when text.Length > 0:
                return (prepend.Apply(text, budget),
                    map.Pick([.. Enumerable.Repeat(-1, prepend.Prefix.Length), .. Enumerable.Range(0, text.Length)]));
            case ReplaceNormalizer replace:
                return Replace(text, map, Places(text, replace.Pattern), replace.Content, budget);
            case RegexReplaceNormalizer replace:
                return Replace(text, map, budget.Matches(replace.Pattern, text), replace.Content, budget);
            case StripNormalizer strip:
                string kept = strip.Apply(text, budget);
                int cut = strip.Left ? text.Length - text.TrimStart().Length : 0;
                return (kept, map.Pick([.. Enumerable.Range(cut, kept.Length)]));
            case UnicodeNormalizer unicode:
                return Rewrite(unicode.Rewrite(text), text, map);
            case LowercaseNormalizer:
                // Every other letter keeps its place.
                string lower = text.ToLowerInvariant();
                return Replace(lower, map, Places(lower, LowercaseNormalizer.DottedI), LowercaseNormalizer.LowerDottedI, budget);
            default:
                throw new NotSupportedException($"no alignment for {normalizer.GetType().Name}");
        }
    }

    private static List<(int Index, int Length)> Places(string text, string pattern)
    {
        List<(int, int)> places = [];
        for (int at = 0; (at = text.IndexOf(pattern, at, StringComparison.Ordinal)) >= 0; at += pattern.Length)
        {
            places.Add((at, pattern.Length));
        }
        return places;
    }

    // All of the content has the place of the last character that it replaces, as in Hugging Face's tokenizers.
    private static (string, Alignment) Replace(
        string text, Alignment map, List<(int Index, int Length)> matches, string content, TextBudget budget)
    {
        budget.Make(text.Length + ((long)matches.Count * content.Length));
        StringBuilder result = new(text.Length);
        List<int> starts = new(text.Length), ends = new(text.Length);
        int done = 0;
        foreach ((int index, int length) in matches)
        {
            Keep(index);
            result.Append(content);
            int end = index + length;
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
