using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>Two answers that differ in one feature only; the judge prefers <paramref name="Better"/>.</summary>
internal sealed record CounterfactualPair(string Feature, string Prompt, string Better, string Worse);

/// <summary>
/// Pairs for judging a reward model feature by feature: accuracy on random pairs hides a feature that was not learnt.
/// </summary>
internal static class Counterfactuals
{
    /// <summary>
    /// Relevant or not; courtesy present or absent, absent or rude; whole or cut; without or with a sentence said twice;
    /// three sentences or one; at least 12 tokens or fewer; with or without adjectives. The last is the judge's mild
    /// length bias, some hundredths of a point: no reward model can be asked to see it in a single pair.
    /// </summary>
    public static IReadOnlyList<string> Features { get; } =
        ["topic", "opening", "opening-rude", "closing", "closing-rude", "ending", "repetition", "completeness", "too-short", "length"];

    /// <summary>One pair for <paramref name="feature"/>; what is not the feature is drawn as the world's answers are.</summary>
    public static CounterfactualPair Draw(string feature, string prompt, Xoshiro256 random)
    {
        TopicFamily family = TopicFamily.OfPrompt(prompt) ?? throw new ArgumentException("not a prompt of the small world", nameof(prompt));
        while (true)
        {
            (AnswerPlan better, AnswerPlan worse) = Change(feature, family, random);
            string first = better.Text, second = worse.Text;
            if (WorldText.Length(first) <= AnswerGrammar.LongestAnswer && WorldText.Length(second) <= AnswerGrammar.LongestAnswer)
                return new CounterfactualPair(feature, prompt, first, second);
        }
    }

    private static (AnswerPlan Better, AnswerPlan Worse) Change(string feature, TopicFamily family, Xoshiro256 random)
    {
        // A whole answer of two or three different sentences on the topic, with or without courtesy.
        AnswerPlan plan = new(
            random.Chance(.6) ? random.Pick(Phrases.PoliteOpenings) : null,
            AnswerGrammar.DrawBody(family, 2 + random.Next(2), random),
            random.Chance(.6) ? random.Pick(Phrases.PoliteClosings) : null,
            0);
        switch (feature)
        {
            case "topic":
                TopicFamily other = AnswerGrammar.Other(family, random);
                string[] words = random.Sample(other.Words, 2 * plan.Body.Count);
                return (plan, plan with
                {
                    Body =
                    [.. plan.Body.Select((s, i) => s with { First = words[2 * i], Second = words[2 * i + 1] })]
                });
            case "opening":
                return (plan with { Opening = random.Pick(Phrases.PoliteOpenings) }, plan with { Opening = null });
            case "opening-rude":
                return (plan with { Opening = null }, plan with { Opening = random.Pick(Phrases.RudeOpenings) });
            case "closing":
                return (plan with { Closing = random.Pick(Phrases.PoliteClosings) }, plan with { Closing = null });
            case "closing-rude":
                return (plan with { Closing = null }, plan with { Closing = random.Pick(Phrases.RudeClosings) });
            case "ending":
                AnswerPlan open = plan with { Closing = null };
                return (open, open with { CutUnits = 1 + random.Next(3) });
            case "repetition":
                return (plan, plan with { Body = [.. plan.Body, plan.Body[random.Next(plan.Body.Count)]] });
            case "completeness":
                AnswerPlan full = plan with { Body = AnswerGrammar.DrawBody(family, 3, random) };
                return (full, full with { Body = [.. full.Body.Take(1)] });
            case "too-short":
                return TooShort(family, random);
            case "length":
                return (plan with { Body = [.. plan.Body.Select(s => WithAdjectives(s, random))] },
                    plan with { Body = [.. plan.Body.Select(s => s with { FirstAdjective = null, SecondAdjective = null })] });
            default:
                throw new ArgumentOutOfRangeException(nameof(feature), feature, $"features are {string.Join(", ", Features)}");
        }
    }

    private static (AnswerPlan Better, AnswerPlan Worse) TooShort(TopicFamily family, Xoshiro256 random)
    {
        while (true)
        {
            Advice plain = AnswerGrammar.DrawBody(family, 1, random)[0] with { FirstAdjective = null, SecondAdjective = null };
            AnswerPlan worse = new(null, [plain], null, 0), better = worse with { Body = [WithAdjectives(plain, random)] };
            if (WorldText.Length(better.Text) >= GoldScore.ShortLength) return (better, worse);
        }
    }

    private static Advice WithAdjectives(Advice advice, Xoshiro256 random)
    {
        string[] two = random.Sample(Phrases.Adjectives, 2);
        return advice with { FirstAdjective = two[0], SecondAdjective = two[1] };
    }
}
