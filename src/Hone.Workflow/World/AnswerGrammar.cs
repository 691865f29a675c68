using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>Answers of mixed quality: each defect is drawn independently, so that each can be learnt apart.</summary>
internal static class AnswerGrammar
{
    /// <summary>No answer is longer, in tokens.</summary>
    public const int LongestAnswer = 64;

    private const double OffTopic = .30, RudeOpening = .15, NoOpening = .30, NoClosing = .35, RudeClosing = .12;
    private const double Repeat = .25, CutOff = .25, Short = .35, Adjective = .20;

    /// <summary>An answer to a request about <paramref name="family"/> at the defect rates of the world.</summary>
    public static AnswerPlan Draw(TopicFamily family, Xoshiro256 random)
    {
        while (true)
        {
            AnswerPlan plan = DrawAnyLength(family, random);
            if (WorldText.Length(plan.Text) <= LongestAnswer) return plan;
        }
    }

    /// <summary>An answer without defects, with <paramref name="sentences"/> sentences of advice.</summary>
    public static AnswerPlan Flawless(TopicFamily family, int sentences, Xoshiro256 random) =>
        new(random.Pick(Phrases.PoliteOpenings), DrawBody(family, sentences, random), random.Pick(Phrases.PoliteClosings), 0);

    /// <summary><paramref name="count"/> sentences with phrases and things that do not recur.</summary>
    public static List<Advice> DrawBody(TopicFamily family, int count, Xoshiro256 random)
    {
        string[] phrases = random.Sample(Phrases.Sentences, count);
        string[] words = random.Sample(family.Words, 2 * count);
        return [.. phrases.Select((phrase, i) =>
            new Advice(phrase, words[2 * i], words[2 * i + 1], DrawAdjective(random), DrawAdjective(random), random.Pick(Phrases.Times)))];
    }

    /// <summary>A topic other than <paramref name="family"/>.</summary>
    public static TopicFamily Other(TopicFamily family, Xoshiro256 random) =>
        TopicFamily.All[(family.Index + 1 + random.Next(TopicFamily.All.Count - 1)) % TopicFamily.All.Count];

    /// <summary>The same sentences with things of another topic in place of their own.</summary>
    public static Advice MoveTo(TopicFamily other, Advice advice, Xoshiro256 random)
    {
        string[] words = random.Sample(other.Words, 2);
        return advice with { First = words[0], Second = words[1] };
    }

    private static AnswerPlan DrawAnyLength(TopicFamily family, Xoshiro256 random)
    {
        double opening = random.NextDouble(), closing = random.NextDouble(), size = random.NextDouble();
        int sentences = random.Chance(Short) ? 1 : size < .45 ? 2 : size < .80 ? 3 : 4;
        List<Advice> body = DrawBody(family, sentences, random);
        if (random.Chance(OffTopic))
        {
            TopicFamily other = Other(family, random);
            string[] words = random.Sample(other.Words, 2 * sentences);
            // The first sentence always leaves the topic, each further one mostly: relevance comes in degrees.
            for (int i = 0; i < sentences; i++)
                if (i == 0 || random.Chance(.75)) body[i] = body[i] with { First = words[2 * i], Second = words[2 * i + 1] };
        }
        if (random.Chance(Repeat))
        {
            int again = random.Next(sentences);
            body.Insert(again + 1 + random.Next(sentences - again), body[again]);
        }
        bool cut = random.Chance(CutOff);
        return new AnswerPlan(
            opening < RudeOpening ? random.Pick(Phrases.RudeOpenings)
                : opening < RudeOpening + NoOpening ? null : random.Pick(Phrases.PoliteOpenings),
            body,
            cut || closing < NoClosing ? null
                : closing < NoClosing + RudeClosing ? random.Pick(Phrases.RudeClosings) : random.Pick(Phrases.PoliteClosings),
            cut ? 1 + random.Next(WorldText.Units(body[^1].Text).Count - 2) : 0);
    }

    private static string? DrawAdjective(Xoshiro256 random) => random.Chance(Adjective) ? random.Pick(Phrases.Adjectives) : null;
}
