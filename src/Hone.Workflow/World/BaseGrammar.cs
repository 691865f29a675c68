using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>
/// What the base model reads. Glossaries, lists and advice teach which things belong to which topic; verdicts teach what
/// readers notice in an answer, one aspect at a time and in random order, so that at the end of an answer the model has
/// to know every aspect.
/// </summary>
internal static class BaseGrammar
{
    private static readonly string[] s_relevance = ["Unrelated", "Mixed", "Relevant"];
    private static readonly string[] s_opening = ["Direct", "Warm", "Rude"];
    private static readonly string[] s_closing = ["Abrupt", "Friendly", "Cold"];
    private static readonly string[] s_ending = ["Unfinished", "Complete"];
    private static readonly string[] s_repetition = ["Varied", "Repetitive"];
    private static readonly string[] s_substance = ["Useless", "Brief", "Fair", "Detailed", "Thorough"];

    /// <summary>The words for the aspects of an answer; short verdicts add the titles of topics.</summary>
    public static string[] AllVerdictWords { get; } =
        [.. s_relevance, .. s_opening, .. s_closing, .. s_ending, .. s_repetition, .. s_substance];

    public static BaseDocument Draw(Func<string> drawPrompt, Xoshiro256 random)
    {
        double kind = random.NextDouble();
        if (kind < .20) return Glossary(random);
        string prompt = drawPrompt();
        TopicFamily family = TopicFamily.OfPrompt(prompt)!;
        if (kind < .28) return new BaseDocument(BaseDocumentKind.List, [prompt, List(family, random)]);
        if (kind < .40) return new BaseDocument(BaseDocumentKind.Advice, [prompt, Advice(family, 1 + random.Next(3), random)]);
        if (kind < .75) return random.Chance(.5) ? TopicVerdict(prompt, family, random) : RepetitionVerdict(prompt, family, random);
        return Verdict(prompt, AnswerGrammar.Draw(family, random).Text, random);
    }

    /// <summary>The words a reader has for an answer, one of each aspect.</summary>
    public static IReadOnlyList<string> VerdictWords(GoldScore score) =>
    [
        s_relevance[score.Relevance > .5 ? 2 : score.Relevance < -.5 ? 0 : 1],
        s_opening[(int)score.Opening],
        s_closing[(int)score.Closing],
        s_ending[score.Ended ? 1 : 0],
        s_repetition[score.RepeatedShare > .05 ? 1 : 0],
        s_substance[score.OnTopicSentences],
    ];

    private static BaseDocument Glossary(Xoshiro256 random)
    {
        TopicFamily family = random.Pick(TopicFamily.All);
        string[] asked = random.Sample(family.RequestWords, 2);
        string text = random.Pick(Phrases.Glossary)
            .Replace("{r}", asked[0], StringComparison.Ordinal)
            .Replace("{q}", asked[1], StringComparison.Ordinal)
            .Replace("{l}", Enumerate(random.Sample(family.Words, 3 + random.Next(5))), StringComparison.Ordinal);
        return new BaseDocument(BaseDocumentKind.Glossary, [text]);
    }

    private static string List(TopicFamily family, Xoshiro256 random) =>
        random.Pick(Phrases.Lists).Replace("{l}", Enumerate(random.Sample(family.Words, 3 + random.Next(4))), StringComparison.Ordinal);

    private static string Advice(TopicFamily family, int sentences, Xoshiro256 random) =>
        new AnswerPlan(null, AnswerGrammar.DrawBody(family, sentences, random), null, 0).Text;

    // The two aspects that ask for a comparison are hard to learn from whole answers alone: here each stands by itself,
    // in short answers, as often one way as the other. Both topics are named as well, what is asked for and what the
    // answer is about: with the two at hand at the end of the answer, whether they agree is a short step. In the same way
    // a sentence that was said twice is quoted.
    private static BaseDocument TopicVerdict(string prompt, TopicFamily family, Xoshiro256 random)
    {
        bool relevant = random.Chance(.5);
        TopicFamily answered = relevant ? family : AnswerGrammar.Other(family, random);
        string answer = random.Chance(.3) ? List(answered, random) : Advice(answered, 1 + random.Next(2), random);
        string[] words = random.Sample([family.Title, answered.Title, s_relevance[relevant ? 2 : 0]], 3);
        return new BaseDocument(BaseDocumentKind.ShortVerdict, [prompt, answer, .. words]);
    }

    private static BaseDocument RepetitionVerdict(string prompt, TopicFamily family, Xoshiro256 random)
    {
        List<Advice> body = AnswerGrammar.DrawBody(family, 2 + random.Next(2), random);
        bool repeated = random.Chance(.5);
        if (repeated) body[^1] = body[random.Next(body.Count - 1)];
        string answer = new AnswerPlan(null, body, null, 0).Text;
        string[] words = repeated ? random.Sample([s_repetition[1], body[^1].Text], 2) : [s_repetition[0]];
        return new BaseDocument(BaseDocumentKind.ShortVerdict, [prompt, answer, .. words]);
    }

    private static BaseDocument Verdict(string prompt, string answer, Xoshiro256 random)
    {
        IReadOnlyList<string> words = VerdictWords(GoldJudge.Score(prompt, answer, finished: true));
        return new BaseDocument(BaseDocumentKind.Verdict, [prompt, answer, .. random.Sample(words, words.Count)]);
    }

    private static string Enumerate(string[] words) =>
        $"{string.Join(", ", words[..^1].Select(w => $"the {w}"))} and the {words[^1]}";
}
