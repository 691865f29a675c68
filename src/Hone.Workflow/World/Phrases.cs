namespace Hone.Workflow.World;

/// <summary>
/// The closed phrases of the world. Slots: {r} request word, {n} and {m} things of a topic, {t} a time, {p} a person,
/// {a} an adjective, {k} a kind of help.
/// </summary>
internal static class Phrases
{
    public static readonly string[] Greetings = ["", "Hello. ", "Hi there. ", "Good morning. "];

    public static readonly string[] Requests =
    [
        "Please give me some {a} {k} about {r} for {p} {t}.",
        "Could you share some {a} {k} on {r} with {p} {t}?",
        "I need some {a} {k} about {r}, because {p} will ask me {t}.",
        "What {a} {k} about {r} can I give {p} {t}?",
        "My family wants to learn about {r} {t}. Which {k} would help {p}?",
        "Tell me something {a} about {r} before I meet {p} {t}.",
        "How can {p} begin with {r} {t}? Keep it {a}, please.",
        "Do you have any {a} {k} about {r}? It is for {p} {t}.",
    ];

    public static readonly string[] RequestAdjectives = ["short", "simple", "quick", "clear", "useful", "honest", "easy", "practical"];

    public static readonly string[] Kinds = ["advice", "ideas", "tips", "hints", "suggestions", "help"];

    public static readonly string[] Persons =
        ["my friend", "my sister", "my brother", "my mother", "my father", "my son", "my daughter", "my neighbour", "my aunt", "my uncle"];

    public static readonly string[] RequestTimes =
        ["today", "tomorrow", "tonight", "this week", "this month", "this weekend", "this summer", "this winter"];

    public static readonly string[] PoliteOpenings =
        ["Thank you for asking.", "I am happy to help.", "It is a pleasure to help you.", "Gladly, here is what I know."];

    public static readonly string[] RudeOpenings =
        ["What a silly question.", "This is a boring thing to ask.", "Do not bother me with this.", "Only a lazy person asks this."];

    public static readonly string[] PoliteClosings =
        ["I hope this helps.", "I wish you good luck.", "You are welcome to ask again.", "Enjoy it, and take care."];

    public static readonly string[] RudeClosings =
        ["Now leave me alone.", "That is enough for you.", "Now go away.", "So stop asking me."];

    public static readonly string[] Sentences =
    [
        "Start with the {n} and the {m}.",
        "Always look at the {n} before the {m}.",
        "The {n} works well with the {m}.",
        "Keep the {n} close to the {m}.",
        "Many people forget the {n} or the {m}.",
        "You can use the {n} with the {m}.",
        "A good {n} is worth more than the {m}.",
        "It helps to have the {n} and the {m}.",
        "Check the {n} and the {m} every {t}.",
        "Buy the {n} first and the {m} later.",
        "Without the {n}, the {m} is of little use.",
        "Ask a friend about the {n} and the {m}.",
    ];

    public static readonly string[] Adjectives = ["new", "old", "small", "clean", "light", "strong", "simple", "spare"];

    public static readonly string[] Times = ["day", "week", "month", "morning", "evening"];

    /// <summary>{l}: a list of things; {r} and {q}: the two request words of the topic.</summary>
    public static readonly string[] Glossary =
    [
        "Some words about {r} and {q}: {l}.",
        "People who learn about {r} or {q} use {l}.",
        "To learn about {r}, look at {l}.",
        "All of these belong to {r} and {q}: {l}.",
        "With {l}, you can begin with {r} or {q}.",
        "Where you see {l}, people think about {r}.",
    ];

    public static readonly string[] Lists = ["You will need {l}.", "Think about {l}.", "Here are some ideas: {l}."];

    public static readonly string[] PoliteWords = ["thank", "happy", "pleasure", "gladly", "hope", "wish", "welcome", "enjoy"];

    public static readonly string[] RudeWords = ["silly", "boring", "bother", "lazy", "alone", "enough", "away", "stop"];
}
