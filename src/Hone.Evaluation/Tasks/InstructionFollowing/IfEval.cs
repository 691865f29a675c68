using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>
/// IFEval (Zhou et al. 2023, arXiv 2311.07911): prompts with instructions that a program can check. As lm-evaluation-harness's
/// task <c>ifeval</c>, version 4.0 (release 0.4.12): greedy answers of up to 1,280 tokens; per prompt all instructions must be
/// followed, per instruction each counts; loosely an answer also passes without its first or last line or its asterisks.
/// </summary>
/// <remarks>
/// Two of upstream's tools have data of their own that Hone does not carry, so these instructions may be judged otherwise: languages
/// by langdetect (here <see cref="WrittenLanguage"/>), sentences by NLTK's punkt model (here <see cref="EnglishText.Sentences"/>).
/// Where a row lacks a number or word that its instruction needs, upstream draws one at random; here the instruction counts as not
/// followed and the item is flagged <c>instruction_incomplete</c>. No row of the public file does, but two ask for the letters "#" and
/// "!", for which upstream counts a random letter and Hone these.
/// </remarks>
internal static class IfEval
{
    private static readonly string[] s_metrics =
        ["prompt_level_strict_acc,none", "inst_level_strict_acc,none", "prompt_level_loose_acc,none", "inst_level_loose_acc,none"];

    public static EvalTask Create(TaskOptions options)
    {
        const string Name = "ifeval";
        string file = QuestionFile.FindWith("instruction_id_list", options.Data, Name, "ifeval/ifeval_input_data.jsonl",
            "ifeval_input_data.jsonl", "ifeval/input_data.jsonl", "input_data.jsonl", "ifeval/train.parquet");
        if (options.NumFewshot is > 0) throw new InputException($"{Name} has no examples", fix: "Leave --num-fewshot out for this task.");
        JsonObject[] rows = [.. QuestionFile.Read(file)];
        foreach (JsonObject row in rows) _ = Instructions(row, file).Count(); // names every unknown instruction before anything is asked
        return new EvalTask
        {
            Name = Name,
            Version = "4.0",
            NumFewshot = 0,
            Settings = options.Settings(("output_type", "generate_until"), ("max_gen_toks", "1280"),
                ("languages", "Hone's own detection, not langdetect"), ("sentences", "Hone's own splitter, not punkt")),
            Files = QuestionFile.Digests(file),
            Metrics = s_metrics,
            Items = [.. rows.Select(row => new EvalItem
            {
                Id = row["key"]?.ToString() ?? throw new InputException("a row has no `key`", file),
                Doc = row,
                Target = string.Join(", ", QuestionFile.Texts(row, "instruction_id_list", file)),
                Generations = [new GenerateRequest(options.Prompt("", [], QuestionFile.Text(row, "prompt", file)),
                    new GenerateOptions { MaxNewTokens = 1280 })],
            })],
            Grade = MultipleChoice.Each((item, replies) => Grade([.. Instructions(item.Doc, file)], replies.Answers[0].Text)),
        };
    }

    internal static ItemGrade Grade(IReadOnlyList<Instruction> instructions, string answer)
    {
        string[] variants = [.. LooseVariants(answer)];
        bool[] strict = [.. instructions.Select(i => i.FollowedBy(answer))];
        bool[] loose = [.. instructions.Select(i => variants.Any(i.FollowedBy))];
        static double All(bool[] followed) => followed.All(f => f) ? 1 : 0;
        static double Share(bool[] followed) => followed.Length == 0 ? 0 : followed.Count(f => f) / (double)followed.Length;
        double[] values = [All(strict), Share(strict), All(loose), Share(loose)];
        string Verdict(int i) => $"{instructions[i].Id} {(strict[i] ? "followed" : loose[i] ? "loosely" : "no")}";
        return new ItemGrade(s_metrics.Zip(values).ToDictionary(m => m.First, m => m.Second))
        {
            Units = new Dictionary<string, int> { [s_metrics[1]] = strict.Length, [s_metrics[3]] = loose.Length },
            Extracted = new Dictionary<string, string>
            {
                ["none"] = string.Join(", ", instructions.Select((_, i) => Verdict(i))),
            },
            Flags = instructions.Any(i => i.Incomplete) ? ["instruction_incomplete"] : [],
        };
    }

    /// <summary>The answer, without its first line, its last, both; each also without asterisks.</summary>
    internal static IEnumerable<string> LooseVariants(string answer)
    {
        string[] lines = answer.Split('\n');
        string Lines(int skip, int leave) => string.Join('\n', lines.Skip(skip).SkipLast(leave)).Trim();
        string[] kept = [answer, Lines(1, 0), Lines(0, 1), Lines(1, 1)];
        return [.. kept, .. kept.Select(k => k.Replace("*", "", StringComparison.Ordinal))];
    }

    private static IEnumerable<Instruction> Instructions(JsonObject row, string path)
    {
        string[] ids = QuestionFile.Texts(row, "instruction_id_list", path);
        JsonArray arguments = row["kwargs"] as JsonArray ?? throw new InputException("a row has no list `kwargs`", path);
        if (arguments.Count != ids.Length)
            throw new InputException($"a row has {ids.Length} instructions and {arguments.Count} kwargs", path);
        return ids.Select((id, i) => Instruction.Of(id, arguments[i] as JsonObject ?? [], path));
    }
}
