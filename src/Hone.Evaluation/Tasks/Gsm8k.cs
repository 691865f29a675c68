using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// GSM8K (Cobbe et al. 2021, arXiv 2110.14168): the number that an answer ends in, compared as a string. Two filters are
/// always shown: strict wants the taught form, flexible takes the last number.
/// </summary>
internal static partial class Gsm8k
{
    /// <summary><c>gsm8k</c>: 5 examples drawn from the training questions, "#### N" ends an answer.</summary>
    public static EvalTask Create(TaskOptions options)
    {
        string test = Test(options), train = QuestionFile.Find(options.Data, "gsm8k", "gsm8k/train.jsonl", "gsm8k/train.parquet",
            "train.jsonl", "main/train-00000-of-00001.parquet", "gsm8k/main/train-00000-of-00001.parquet");
        JsonObject[] questions = [.. QuestionFile.Read(test)], pool = [.. QuestionFile.Read(train)];
        int shots = options.NumFewshot ?? 5;
        IReadOnlyList<IReadOnlyList<JsonObject>> examples = options.SampleExamples(pool, shots, questions.Length);
        string Question(JsonObject row) => $"Question: {QuestionFile.Text(row, "question", test)}\nAnswer:";
        return Task("gsm8k", "3", shots, options, [test, train], questions,
            (row, i) => options.Prompt("", [.. examples[i].Select(e => (Question(e), QuestionFile.Text(e, "answer", train)))],
                Question(row)),
            ["Question:", "</s>", "<|im_end|>"], 256, text => Strict(text, StrictAnswer()), ("fewshot", "sampled from train"))
            .WithOverlapFlagged(i => Question(questions[i]), i => examples[i].Select(Question));
    }

    /// <summary>
    /// <c>gsm8k_cot</c>: the 8 worked examples of Wei et al. 2022 (arXiv 2201.11903, table 20), "The answer is N." ends
    /// an answer.
    /// </summary>
    /// <remarks>
    /// The harness's file folds "Q: {question}", an empty line and "A:" in single quotes; YAML makes one line break of
    /// that.
    /// </remarks>
    public static EvalTask CreateChainOfThought(TaskOptions options)
    {
        string test = Test(options);
        (string, string)[] examples = [.. ChainOfThought.Take(options.NumFewshot, "gsm8k_cot")
            .Select(e => ($"Q: {e.Question}\nA:", e.Answer))];
        return Task("gsm8k_cot", "3", examples.Length, options, [test], [.. QuestionFile.Read(test)],
            (row, _) => options.Prompt("", examples, $"Q: {QuestionFile.Text(row, "question", test)}\nA:"),
            ["Q:", "</s>", "<|im_end|>"], 256, text => Strict(text, ChainOfThoughtAnswer()), ("fewshot", "8 fixed worked examples"));
    }

    /// <summary>
    /// <c>gsm8k_cot_llama</c>: the same 8 examples in the words of Meta's evaluation, "The final answer is N" ends an
    /// answer.
    /// </summary>
    public static EvalTask CreateLlama(TaskOptions options)
    {
        string test = Test(options);
        static string Question(string text) =>
            $"Given the following problem, reason and give a final answer to the problem.\nProblem: {text}\n"
            + "Your response should end with \"The final answer is [answer]\" where [answer] is the response to the problem.\n";
        (string, string)[] examples = [.. ChainOfThought.Take(options.NumFewshot, "gsm8k_cot_llama")
            .Select(e => (Question(e.Question),
                e.Answer.Replace("The answer is", "The final answer is", StringComparison.Ordinal).TrimEnd('.')))];
        return Task("gsm8k_cot_llama", "4", examples.Length, options, [test], [.. QuestionFile.Read(test)],
            (row, _) => options.Prompt("", examples, Question(QuestionFile.Text(row, "question", test)), delimiter: ""),
            ["<|eot_id|>", "<|start_header_id|>user<|end_header_id|>", "Q:", "</s>", "<|im_end|>"], 256, FinalAnswer,
                ("fewshot", "8 fixed worked examples"));
    }

    /// <summary>The last match of "The final answer is N", or <c>[invalid]</c>.</summary>
    internal static string FinalAnswer(string text) => FinalNumber().Matches(text).LastOrDefault()?.Groups[1].Value ?? "[invalid]";

    /// <summary>The last number of a text, or <c>[invalid]</c>.</summary>
    internal static string Flexible(string text)
    {
        Match? last = AnyNumber().Matches(text).LastOrDefault();
        return last is null ? "[invalid]" : last.Groups[1].Value is { Length: > 0 } first ? first : last.Groups[2].Value;
    }

    /// <summary>The first match of the taught form, or <c>[invalid]</c>.</summary>
    internal static string Strict(string text, Regex form) => form.Match(text) is { Success: true } match
        ? match.Groups[1].Value : "[invalid]";

    /// <summary>
    /// What both sides are stripped of before they are compared: thousands commas, dollars, everything up to "#### ", a
    /// full stop.
    /// </summary>
    internal static string Clean(string text) => FullStop().Replace(Before()
        .Replace(text.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal), ""), "").ToLowerInvariant();

    private static string Test(TaskOptions options) => QuestionFile.Find(options.Data, "gsm8k", "gsm8k/test.jsonl", "gsm8k/test.parquet",
        "test.jsonl", "main/test-00000-of-00001.parquet", "gsm8k/main/test-00000-of-00001.parquet");

    private static EvalTask Task(
        string name, string version, int shots, TaskOptions options, string[] files, IReadOnlyList<JsonObject> questions,
        Func<JsonObject, int, ModelPrompt> prompt,
        IReadOnlyList<string> stops, int tokens, Func<string, string> strictly, params (string, string)[] settings) => new()
        {
            Name = name,
            Version = version,
            NumFewshot = shots,
            Settings = options.Settings([("output_type", "generate_until"), ("until", string.Join(' ', stops)),
                ("max_gen_toks", $"{tokens}"), .. settings]),
            Files = files.ToDictionary(f => Path.GetFileName(f), QuestionFile.Digest),
            Metrics = ["exact_match,strict-match", "exact_match,flexible-extract"],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row,
                Target = QuestionFile.Text(row, "answer", files[0]),
                Generations = [new GenerateRequest(prompt(row, i), new GenerateOptions { MaxNewTokens = tokens, StopStrings = stops })],
            })],
            Grade = MultipleChoice.Each((item, replies) =>
            {
                string answer = replies.Answers[0].Text, gold = Clean(item.Target), strict = strictly(answer), flexible = Flexible(answer);
                return new ItemGrade(new Dictionary<string, double>
                {
                    ["exact_match,strict-match"] = Clean(strict) == gold ? 1 : 0,
                    ["exact_match,flexible-extract"] = Clean(flexible) == gold ? 1 : 0,
                })
                {
                    Extracted = new Dictionary<string, string> { ["strict-match"] = strict, ["flexible-extract"] = flexible },
                    Flags = flexible == "[invalid]" ? ["no_number"] : [],
                };
            }),
        };

    [GeneratedRegex(@"#### (\-?[0-9\.\,]+)")]
    internal static partial Regex StrictAnswer();

    [GeneratedRegex(@"The answer is (\-?[0-9\.\,]+).")]
    private static partial Regex ChainOfThoughtAnswer();

    [GeneratedRegex(@"The final answer is ((?:-?[$0-9.,]{2,})|(?:-?[0-9]+))")]
    private static partial Regex FinalNumber();

    [GeneratedRegex(@"(-?[$0-9.,]{2,})|(-?[0-9]+)")]
    private static partial Regex AnyNumber();

    [GeneratedRegex(@"(?s).*#### ")]
    private static partial Regex Before();

    [GeneratedRegex(@"\.$")]
    private static partial Regex FullStop();
}
