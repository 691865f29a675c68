using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation;

/// <summary>MT-Bench's judge prompts (FastChat <c>judge_prompts.jsonl</c>): which is used for what, and how it is filled.</summary>
internal sealed class MtBenchPrompts
{
    private readonly Dictionary<string, (string System, PromptTemplate User)> _prompts = [];
    private readonly IReadOnlyDictionary<int, IReadOnlyList<string>> _references;

    private MtBenchPrompts(IReadOnlyDictionary<int, IReadOnlyList<string>> references) => _references = references;

    /// <param name="references">FastChat's <c>reference_answer/gpt-4.jsonl</c>.</param>
    /// <exception cref="InputException">A file lacks a prompt that is needed.</exception>
    public static MtBenchPrompts Load(string prompts, string references)
    {
        var loaded = new MtBenchPrompts(MtBenchQuestion.ReadAnswers(references, out _));
        foreach (JsonObject row in QuestionFile.Read(prompts))
            loaded._prompts[QuestionFile.Text(row, "name", prompts)] = (QuestionFile.Text(row, "system_prompt", prompts),
                new PromptTemplate(QuestionFile.Text(row, "prompt_template", prompts)));
        foreach (string name in (string[])["single-v1", "single-math-v1", "single-v1-multi-turn", "single-math-v1-multi-turn", "pair-v2",
            "pair-math-v1", "pair-v2-multi-turn", "pair-math-v1-multi-turn"])
            if (!loaded._prompts.ContainsKey(name))
                throw new InputException($"there is no prompt `{name}`", prompts, "Give FastChat's judge_prompts.jsonl.");
        return loaded;
    }

    /// <summary>The prompt that grades one answer.</summary>
    /// <param name="turn">1 or 2; for the second the judge sees the whole conversation.</param>
    /// <param name="answers">The model's answers to both turns. [2]</param>
    public MtBenchPrompt Single(MtBenchQuestion question, int turn, IReadOnlyList<string> answers) =>
        Of(question, turn, question.NeedsReference ? "single-math-v1" : "single-v1", turn == 1
        ? new() { ["question"] = question.Turns[0], ["answer"] = answers[0] }
        : new()
        {
            ["question_1"] = question.Turns[0], ["question_2"] = question.Turns[1], ["answer_1"] = answers[0],
            ["answer_2"] = answers[1]
        });

    /// <summary>The prompt that compares two answers, <paramref name="a"/> shown as assistant A's.</summary>
    public MtBenchPrompt Pair(MtBenchQuestion question, int turn, IReadOnlyList<string> a, IReadOnlyList<string> b) =>
        Of(question, turn, question.NeedsReference ? "pair-math-v1" : "pair-v2", turn == 1
        ? new() { ["question"] = question.Turns[0], ["answer_a"] = a[0], ["answer_b"] = b[0] }
        : new()
        {
            ["question_1"] = question.Turns[0], ["question_2"] = question.Turns[1], ["answer_a_1"] = a[0], ["answer_a_2"] = a[1],
            ["answer_b_1"] = b[0], ["answer_b_2"] = b[1]
        });

    private MtBenchPrompt Of(MtBenchQuestion question, int turn, string name, Dictionary<string, string> values)
    {
        if (question.NeedsReference)
        {
            if (!_references.TryGetValue(question.Id, out IReadOnlyList<string>? reference))
                throw new InputException($"question {question.Id} ({question.Category}) has no reference answer",
                    fix: "Give FastChat's reference_answer/gpt-4.jsonl.");
            (values["ref_answer_1"], values["ref_answer_2"]) = (reference[0], reference[1]);
        }
        if (turn == 2) name += "-multi-turn";
        (string system, PromptTemplate user) = _prompts[name];
        return new MtBenchPrompt(name, system, user.Fill(values));
    }
}

/// <summary>A judge's prompt, filled.</summary>
/// <param name="Name">Such as <c>single-v1</c>.</param>
internal sealed record MtBenchPrompt(string Name, string System, string User)
{
    /// <summary>FastChat's limit of a judgment, at temperature 0.</summary>
    internal const int MaxNewTokens = 2048;

    internal GenerateRequest Request(int repeat) => new(ModelPrompt.Of([ChatMessage.System(System), ChatMessage.User(User)]),
        new GenerateOptions { MaxNewTokens = MaxNewTokens, Seed = (ulong)repeat });
}
