using Hone.Text;

namespace Hone.Evaluation;

/// <summary>What holds for every task of a run; where a value is null the task's own default does.</summary>
public sealed record TaskOptions
{
    /// <summary>Folders with the question files, or the files themselves; looked through in turn.</summary>
    public required IReadOnlyList<string> Data { get; init; }

    public int? NumFewshot { get; init; }

    /// <summary>Ask in the model's chat format.</summary>
    public bool ApplyChatTemplate { get; init; }

    /// <summary>With the chat format: each example is a turn of user and assistant, as lm-evaluation-harness has it by default.</summary>
    public bool FewshotAsMultiturn { get; init; } = true;

    public string? SystemInstruction { get; init; }

    /// <summary>Seed of the choice of examples; the harness's is 1234.</summary>
    public int FewshotSeed { get; init; } = 1234;

    /// <summary>Samples per problem of the code tasks; above 1 they are drawn at <see cref="Temperature"/>.</summary>
    public int Samples { get; init; } = 1;

    public double Temperature { get; init; }

    /// <summary>Runs model-written code; null where only prompts are wanted.</summary>
    public GradePrograms? GradePrograms { get; init; }

    /// <summary>A prompt from description, examples and question.</summary>
    /// <param name="delimiter">Between a question and its answer.</param>
    /// <param name="prefix">How the answer begins, in the chat format.</param>
    internal ModelPrompt Prompt(
        string description, IReadOnlyList<(string Question, string Answer)> examples, string question,
        string delimiter = " ", string prefix = "")
    {
        string system = SystemInstruction is null ? description : description.Length == 0 ? SystemInstruction
            : $"{SystemInstruction}\n\n{description}";
        if (!ApplyChatTemplate)
        {
            string before = SystemInstruction is not null && description.Length == 0 ? system + "\n\n" : system;
            return ModelPrompt.Of(before + string.Concat(examples.Select(e => $"{e.Question}{delimiter}{e.Answer}\n\n")) + question);
        }
        List<ChatMessage> messages = system.Length > 0 ? [ChatMessage.System(system.Trim())] : [];
        if (FewshotAsMultiturn)
            messages.AddRange(examples.SelectMany(e => (ChatMessage[])[ChatMessage.User(e.Question), ChatMessage.Assistant(e.Answer)]));
        messages.Add(ChatMessage.User(FewshotAsMultiturn ? question
            : string.Concat(examples.Select(e => $"{e.Question}{delimiter}{e.Answer}\n\n")) + question));
        return ModelPrompt.Of(messages, prefix);
    }

    /// <summary>A choice after the question: with a space in plain text, without one where the answer is a turn of its own.</summary>
    internal string Continuation(string choice) => ApplyChatTemplate ? choice : " " + choice;

    /// <summary>What is printed beside the numbers.</summary>
    internal Dictionary<string, string> Settings(params (string Name, string Value)[] own)
    {
        Dictionary<string, string> settings = new()
        {
            ["apply_chat_template"] = ApplyChatTemplate ? "true" : "false",
            ["fewshot_seed"] = $"{FewshotSeed}",
        };
        if (ApplyChatTemplate) settings["fewshot_as_multiturn"] = FewshotAsMultiturn ? "true" : "false";
        if (SystemInstruction is not null) settings["system_instruction"] = SystemInstruction;
        foreach ((string name, string value) in own) settings[name] = value;
        return settings;
    }

    /// <summary>One generator over the questions in order: k examples for each, as the harness draws them.</summary>
    internal IReadOnlyList<IReadOnlyList<T>> SampleExamples<T>(IReadOnlyList<T> pool, int k, int questions)
    {
        if (k > pool.Count)
            throw new InputException($"{k} examples are asked for, the training questions are {pool.Count}", fix: "Lower --num-fewshot.");
        var random = new PythonRandom(FewshotSeed);
        return [.. Enumerable.Range(0, questions).Select(_ => k == 0 ? [] : random.Sample(pool, k))];
    }
}

/// <summary>A program that a model wrote, and the tests that judge it.</summary>
/// <param name="Program">Everything up to the end of the model's text.</param>
/// <param name="Tests">Code that raises where the program is wrong.</param>
/// <param name="EntryPoint">The function under test; null where the tests name it themselves.</param>
public sealed record CodeJob(string Id, string Program, string Tests, string? EntryPoint)
{
    /// <summary>Keep the longest span of lines that parses, and of it what the function under test reaches, as EvalPlus does.</summary>
    public bool Sanitize { get; init; }
}

/// <summary>What became of a program.</summary>
/// <param name="Reason">Why it did not pass; empty where it did.</param>
public sealed record CodeVerdict(string Id, bool Passed, bool TimedOut, string Reason);

/// <summary>Judges programs, side by side; verdicts in the order of the jobs.</summary>
public delegate Task<IReadOnlyList<CodeVerdict>> GradePrograms(IReadOnlyList<CodeJob> jobs, CancellationToken cancel);
