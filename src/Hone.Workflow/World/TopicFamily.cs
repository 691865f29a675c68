namespace Hone.Workflow.World;

/// <summary>
/// One topic of the world: the two words by which people ask for it, and the ten things that belong to it. Requests hold
/// none of the ten, so a relevant answer cannot be copied from the request: the topic has to be known.
/// </summary>
internal sealed record TopicFamily(int Index, IReadOnlyList<string> RequestWords, IReadOnlyList<string> Words)
{
    /// <summary>The first request word with a capital: the name of the topic.</summary>
    public string Title { get; } = char.ToUpperInvariant(RequestWords[0][0]) + RequestWords[0][1..];

    public static IReadOnlyList<TopicFamily> All { get; } = Build(
        "gardening plants | spade seed rake pot hose bulb trowel compost hedge flower",
        "cooking meals | pan oven spoon knife onion butter plate kettle whisk pepper",
        "music songs | guitar piano drum flute violin trumpet cello harp banjo metronome",
        "sailing boats | sail rope anchor mast rudder oar deck compass hull buoy",
        "school homework | pencil desk notebook textbook ruler blackboard chalk eraser globe calculator",
        "travel holidays | ticket map passport suitcase guidebook backpack camera visa timetable tent",
        "health medicine | pill bandage thermometer syrup ointment inhaler vitamin plaster syringe crutch",
        "sports games | ball whistle net helmet racket trophy goal scoreboard jersey bat",
        "repairs tools | hammer nail screw ladder drill saw glue wrench plank toolbox",
        "painting drawing | brush canvas easel palette sketch crayon ink frame charcoal stencil");

    private static readonly Dictionary<string, TopicFamily> s_byRequestWord =
        All.SelectMany(f => f.RequestWords.Select(w => (w, f))).ToDictionary(p => p.w, p => p.f);

    private static readonly Dictionary<string, TopicFamily> s_byWord =
        All.SelectMany(f => f.Words.Select(w => (w, f))).ToDictionary(p => p.w, p => p.f);

    /// <summary>The family that the request asks for, by its request word; null where there is none.</summary>
    public static TopicFamily? OfPrompt(string prompt)
    {
        foreach (string word in WorldText.Units(prompt))
            if (s_byRequestWord.TryGetValue(word.Trim(), out TopicFamily? family)) return family;
        return null;
    }

    /// <summary>The family that a thing belongs to, or null for every other word.</summary>
    public static TopicFamily? OfWord(string word) => s_byWord.GetValueOrDefault(word);

    private static TopicFamily[] Build(params string[] rows) =>
        [.. rows.Select(row => row.Split(" | ")).Select((parts, i) => new TopicFamily(i, parts[0].Split(' '), parts[1].Split(' ')))];
}
