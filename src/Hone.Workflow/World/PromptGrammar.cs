using Hone.Data;

namespace Hone.Workflow.World;

/// <summary>Requests: greeting x phrasing x topic word x person x time x adjective x kind of help; over a million.</summary>
internal static class PromptGrammar
{
    public static string Draw(Xoshiro256 random)
    {
        string phrasing = random.Pick(Phrases.Requests);
        return random.Pick(Phrases.Greetings) + Fill(phrasing, random.Pick(random.Pick(TopicFamily.All).RequestWords),
            random.Pick(Phrases.Persons), random.Pick(Phrases.RequestTimes), random.Pick(Phrases.RequestAdjectives),
            random.Pick(Phrases.Kinds));
    }

    /// <summary>Every request of the world, some more than once where a phrasing leaves a slot out.</summary>
    public static IEnumerable<string> All() =>
        from greeting in Phrases.Greetings
        from phrasing in Phrases.Requests
        from family in TopicFamily.All
        from request in family.RequestWords
        from person in Phrases.Persons
        from time in Phrases.RequestTimes
        from adjective in phrasing.Contains("{a}", StringComparison.Ordinal) ? Phrases.RequestAdjectives : [""]
        from kind in phrasing.Contains("{k}", StringComparison.Ordinal) ? Phrases.Kinds : [""]
        select greeting + Fill(phrasing, request, person, time, adjective, kind);

    private static string Fill(string phrasing, string request, string person, string time, string adjective, string kind)
    {
        System.Text.StringBuilder text = new(phrasing.Length + 48);
        for (int at = 0; at < phrasing.Length; at++)
        {
            if (phrasing[at] != '{')
            {
                text.Append(phrasing[at]);
                continue;
            }
            text.Append(phrasing[at + 1] switch
            {
                'r' => request,
                'p' => person,
                't' => time,
                'a' => adjective,
                _ => kind,
            });
            at += 2;
        }
        return text.ToString();
    }
}
