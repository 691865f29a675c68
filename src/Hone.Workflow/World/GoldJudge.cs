namespace Hone.Workflow.World;

/// <summary>
/// The known truth of the small world. It reads text, not plans, so it judges a model's answers as it judges the
/// grammar's. Reward models see labels drawn from it, never the judge itself.
/// </summary>
internal static class GoldJudge
{
    private const int OpeningWindow = 8, ClosingWindow = 7, MostSentences = 4, RepeatLength = 4;

    private static readonly HashSet<string> s_polite = [.. Phrases.PoliteWords], s_rude = [.. Phrases.RudeWords];

    /// <summary>
    /// Judges an answer. <paramref name="finished"/> is false where the model ran into its token limit before its
    /// end-of-turn token. A prompt that asks for no topic of the world makes every topic word an unrelated one.
    /// </summary>
    public static GoldScore Score(string prompt, string answer, bool finished)
    {
        TopicFamily? asked = TopicFamily.OfPrompt(prompt);
        string[] words = [.. WorldText.Units(answer).Select(u => u.Trim()).Where(u => u.Length > 0)];
        int own = 0, other = 0, sentenceOwn = 0, sentenceOther = 0, from = 0;
        HashSet<string> onTopic = [];
        for (int i = 0; i <= words.Length; i++)
        {
            bool mark = i == words.Length || words[i] is "." or "!" or "?";
            if (!mark)
            {
                TopicFamily? family = TopicFamily.OfWord(words[i]);
                if (family is null) continue;
                if (family == asked) sentenceOwn++;
                else sentenceOther++;
                continue;
            }
            if (sentenceOwn > sentenceOther) onTopic.Add(string.Join(' ', words[from..i]));
            (own, other, sentenceOwn, sentenceOther, from) = (own + sentenceOwn, other + sentenceOther, 0, 0, i + 1);
        }
        int closingStart = Math.Max(OpeningWindow, words.Length - ClosingWindow);
        return new GoldScore(
            own + other == 0 ? 0 : (double)(own - other) / (own + other),
            Math.Min(onTopic.Count, MostSentences),
            ToneOf(words.Take(OpeningWindow)),
            ToneOf(words.Skip(closingStart)),
            finished && words.Length > 0 && words[^1] is "." or "!" or "?",
            RepeatedShare(words),
            words.Length);
    }

    private static Tone ToneOf(IEnumerable<string> window)
    {
        Tone tone = Tone.Neutral;
        foreach (string word in window)
        {
            string lower = word.ToLowerInvariant();
            if (s_rude.Contains(lower)) return Tone.Rude;
            if (s_polite.Contains(lower)) tone = Tone.Polite;
        }
        return tone;
    }

    private static double RepeatedShare(string[] words)
    {
        int count = words.Length - RepeatLength + 1;
        if (count <= 0) return 0;
        HashSet<(string, string, string, string)> distinct = [];
        for (int i = 0; i < count; i++) distinct.Add((words[i], words[i + 1], words[i + 2], words[i + 3]));
        return (double)(count - distinct.Count) / count;
    }
}
