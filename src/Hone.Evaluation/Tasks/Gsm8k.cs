using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>
/// GSM8K (Cobbe et al. 2021, arXiv 2110.14168): the number that an answer ends in, compared as a string. Two filters are
/// always shown: strict wants the taught form, flexible takes the last number.
/// </summary>
public static partial class Gsm8k
{
    /// <summary><c>gsm8k</c>: 5 examples drawn from the training questions, "#### N" ends an answer.</summary>
    public static EvalTask Create(TaskOptions options)
    {
        string test = Test(options), train = QuestionFile.Find(options.DataFolder, "gsm8k", "gsm8k/train.jsonl", "gsm8k/train.parquet", "train.jsonl");
        JsonObject[] questions = [.. QuestionFile.Read(test)], pool = [.. QuestionFile.Read(train)];
        int shots = options.NumFewshot ?? 5;
        IReadOnlyList<IReadOnlyList<JsonObject>> examples = options.SampleExamples(pool, shots, questions.Length);
        string Question(JsonObject row) => $"Question: {QuestionFile.Text(row, "question", test)}\nAnswer:";
        return Task("gsm8k", "3", shots, options, test, questions,
            (row, i) => options.Prompt("", [.. examples[i].Select(e => (Question(e), QuestionFile.Text(e, "answer", train)))], Question(row)),
            ["Question:", "</s>", "<|im_end|>"], 256, StrictAnswer(), ("fewshot", "sampled from train"));
    }

    /// <summary><c>gsm8k_cot</c>: the 8 worked examples of Wei et al. 2022 (arXiv 2201.11903, table 20), "The answer is N." ends an answer.</summary>
    public static EvalTask CreateChainOfThought(TaskOptions options)
    {
        string test = Test(options);
        int shots = options.NumFewshot ?? ChainOfThought.Examples.Count;
        if (shots > ChainOfThought.Examples.Count) throw new InputException($"gsm8k_cot has {ChainOfThought.Examples.Count} examples, {shots} are asked for");
        (string, string)[] examples = [.. ChainOfThought.Examples.Take(shots).Select(e => ($"Q: {e.Question}\n\nA:", e.Answer))];
        return Task("gsm8k_cot", "3", shots, options, test, [.. QuestionFile.Read(test)],
            (row, _) => options.Prompt("", examples, $"Q: {QuestionFile.Text(row, "question", test)}\n\nA:"),
            ["Q:", "</s>", "<|im_end|>"], 256, ChainOfThoughtAnswer(), ("fewshot", "8 fixed worked examples"));
    }

    /// <summary>The last number of a text, or <c>[invalid]</c>.</summary>
    internal static string Flexible(string text)
    {
        Match? last = AnyNumber().Matches(text).LastOrDefault();
        return last is null ? "[invalid]" : last.Groups[1].Value is { Length: > 0 } first ? first : last.Groups[2].Value;
    }

    /// <summary>The first match of the taught form, or <c>[invalid]</c>.</summary>
    internal static string Strict(string text, Regex form) => form.Match(text) is { Success: true } match ? match.Groups[1].Value : "[invalid]";

    /// <summary>What both sides are stripped of before they are compared: thousands commas, dollars, everything up to "#### ", a full stop.</summary>
    internal static string Clean(string text) => FullStop().Replace(Before().Replace(text.Replace(",", "", StringComparison.Ordinal).Replace("$", "", StringComparison.Ordinal), ""), "").ToLowerInvariant();

    private static string Test(TaskOptions options) => QuestionFile.Find(options.DataFolder, "gsm8k", "gsm8k/test.jsonl", "gsm8k/test.parquet", "test.jsonl");

    private static EvalTask Task(
        string name, string version, int shots, TaskOptions options, string test, IReadOnlyList<JsonObject> questions, Func<JsonObject, int, ModelPrompt> prompt,
        IReadOnlyList<string> stops, int tokens, Regex form, params (string, string)[] settings) => new()
        {
            Name = name,
            Version = version,
            NumFewshot = shots,
            Settings = options.Settings([("output_type", "generate_until"), ("until", string.Join(' ', stops)), ("max_gen_toks", $"{tokens}"), .. settings]),
            Files = new Dictionary<string, string> { [Path.GetFileName(test)] = QuestionFile.Digest(test) },
            Metrics = ["exact_match,strict-match", "exact_match,flexible-extract"],
            Items = [.. questions.Select((row, i) => new EvalItem
            {
                Id = $"{i}",
                Doc = row,
                Target = QuestionFile.Text(row, "answer", test),
                Generations = [new GenerateRequest(prompt(row, i), new GenerateOptions { MaxNewTokens = tokens, StopStrings = stops })],
            })],
            Grade = MultipleChoice.Each((item, replies) =>
            {
                string answer = replies.Answers[0].Text, gold = Clean(item.Target), strict = Strict(answer, form), flexible = Flexible(answer);
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

    [GeneratedRegex(@"(-?[$0-9.,]{2,})|(-?[0-9]+)")]
    private static partial Regex AnyNumber();

    [GeneratedRegex(@"(?s).*#### ")]
    private static partial Regex Before();

    [GeneratedRegex(@"\.$")]
    private static partial Regex FullStop();
}
