using Hone.Data;
using Hone.Text;

namespace Hone.Workflow.World;

/// <summary>
/// The embedded default: a small world in plain English whose truth is known. People ask for advice about ten topics;
/// answers come from a grammar with independent defects; <see cref="GoldJudge"/> says how good an answer is. The same
/// seed gives the same world; a longer draw begins with a shorter one. Prompts of different splits
/// (<see cref="WorldSplit"/>) never meet.
/// </summary>
internal sealed class SmallWorld
{
    private readonly ulong _seed;

    private SmallWorld(ulong seed) => _seed = seed;

    public static SmallWorld Create(ulong seed) => new(seed);

    /// <summary>A stream of random numbers of this world, named by its use.</summary>
    public Xoshiro256 Random(string use) => new(Seeds.Derive(_seed, use));

    /// <summary><paramref name="count"/> different prompts of a split.</summary>
    public string[] Prompts(string split, int count)
    {
        HashSet<string> seen = [];
        string[] prompts = new string[count];
        Func<string> draw = Drawer(split, Random($"prompts/{split}"));
        for (int i = 0; i < count; i++)
        {
            int tries = 0;
            do
            {
                if (tries++ == 1000)
                    throw new ArgumentOutOfRangeException(nameof(count), count, $"split {split} has not that many prompts");
                prompts[i] = draw();
            }
            while (!seen.Add(prompts[i]));
        }
        return prompts;
    }

    /// <summary>Text to train the base model on; its requests are those of split <c>base</c>.</summary>
    public BaseDocument[] BaseDocuments(int count)
    {
        Xoshiro256 random = Random("base");
        Func<string> draw = Drawer(WorldSplit.Base, random);
        return [.. Enumerable.Range(0, count).Select(_ => BaseGrammar.Draw(draw, random))];
    }

    /// <summary>Conversations of one request and one answer of mixed quality, on different prompts of a split.</summary>
    public Conversation[] Conversations(string split, int count)
    {
        Xoshiro256 random = Random($"conversations/{split}");
        return [.. Prompts(split, count).Select(prompt =>
            new Conversation([ChatMessage.User(prompt), ChatMessage.Assistant(Answers(prompt, 1, random)[0])]))];
    }

    /// <summary><paramref name="count"/> different answers of mixed quality to a prompt.</summary>
    public static string[] Answers(string prompt, int count, Xoshiro256 random)
    {
        TopicFamily family = FamilyOf(prompt);
        HashSet<string> answers = [];
        while (answers.Count < count) answers.Add(AnswerGrammar.Draw(family, random).Text);
        return [.. answers];
    }

    /// <summary>An answer without defects: what the judge likes best is a matter of four sentences.</summary>
    public static string FlawlessAnswer(string prompt, int sentences, Xoshiro256 random) =>
        AnswerGrammar.Flawless(FamilyOf(prompt), sentences, random).Text;

    /// <summary><paramref name="count"/> prompts of a split, each with grammar answers ranked by noisy gold labels.</summary>
    public RankedAnswers[] Preferences(string split, int count, int answersPerPrompt)
    {
        Xoshiro256 random = Random($"preferences/{split}");
        return [.. Prompts(split, count).Select(prompt => GoldLabels.Rank(prompt, Answers(prompt, answersPerPrompt, random), random))];
    }

    /// <summary><paramref name="count"/> pairs for every feature, on prompts of a split.</summary>
    public CounterfactualPair[] CounterfactualPairs(string split, int count)
    {
        Xoshiro256 random = Random($"counterfactuals/{split}");
        string[] prompts = Prompts(split, count);
        return [.. Counterfactuals.Features.SelectMany(feature => prompts.Select(prompt => Counterfactuals.Draw(feature, prompt, random)))];
    }

    private static TopicFamily FamilyOf(string prompt) =>
        TopicFamily.OfPrompt(prompt) ?? throw new ArgumentException($"not a prompt of the small world: {prompt}", nameof(prompt));

    private static Func<string> Drawer(string split, Xoshiro256 random)
    {
        if (!WorldSplit.Exists(split)) throw new ArgumentException($"the small world has no split named {split}", nameof(split));
        return () =>
        {
            while (true)
            {
                string prompt = PromptGrammar.Draw(random);
                if (WorldSplit.Of(prompt) == split) return prompt;
            }
        };
    }
}
