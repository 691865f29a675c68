using System.Text.RegularExpressions;

namespace Hone.Evaluation;

/// <summary>A task that can be asked for by name.</summary>
/// <param name="Needs">Its files, relative to the data folder, and where they come from.</param>
public sealed record TaskEntry(string Name, string Needs, Func<TaskOptions, EvalTask> Create);

/// <summary>All academic tasks, their groups, and the two presets.</summary>
public static class TaskCatalog
{
    public static IReadOnlyList<TaskEntry> Tasks { get; } =
    [
        new("arc_challenge", "arc/ARC-Challenge-Test.jsonl, with examples also ARC-Challenge-Train.jsonl (allenai/ai2_arc)", Arc.Create),
        new("gsm8k", "gsm8k/test.jsonl, train.jsonl (openai/gsm8k)", Gsm8k.Create),
        new("gsm8k_cot", "gsm8k/test.jsonl (openai/gsm8k)", Gsm8k.CreateChainOfThought),
        new("gsm8k_cot_llama", "gsm8k/test.jsonl (openai/gsm8k)", Gsm8k.CreateLlama),
        new("gpqa_diamond_zeroshot", "gpqa/gpqa_diamond.csv (Idavidrein/gpqa, gated: accept its terms and bring the file)",
            o => Gpqa.Create("diamond", o)),
        new("gpqa_main_zeroshot", "gpqa/gpqa_main.csv (Idavidrein/gpqa, gated: accept its terms and bring the file)",
            o => Gpqa.Create("main", o)),
        new("hellaswag", "hellaswag/hellaswag_val.jsonl, with examples also hellaswag_train.jsonl (Rowan/hellaswag)", HellaSwag.Create),
        new("humaneval", "humaneval/HumanEval.jsonl.gz (openai/human-eval)", HumanEval.Create),
        new("humaneval_evalplus", "humaneval/HumanEval.jsonl.gz (openai/human-eval)", HumanEval.CreateEvalPlus),
        new("humaneval_instruct", "humaneval/HumanEval.jsonl.gz (openai/human-eval)", HumanEval.CreateInstruct),
        new("ifeval", "ifeval/ifeval_input_data.jsonl (google/IFEval)", IfEval.Create),
        new("mbpp", "mbpp/mbpp.jsonl (google-research/mbpp)", Mbpp.Create),
        new("mbpp_evalplus", "mbpp/sanitized-mbpp.json (google-research/mbpp)", MbppInstruct.CreateEvalPlus),
        new("mbpp_full", "mbpp/mbpp.jsonl (google-research/mbpp)", Mbpp.CreateFull),
        new("mbpp_instruct", "mbpp/mbpp.jsonl (google-research/mbpp)", MbppInstruct.Create),
        new("mbpp_sanitized", "mbpp/sanitized-mbpp.json (google-research/mbpp)", Mbpp.CreateSanitized),
        .. Mmlu.Subjects.Select(s => new TaskEntry($"mmlu_{s}",
            $"mmlu/test/{s}_test.csv, with examples also mmlu/dev/{s}_dev.csv (hendrycks/test)", o => Mmlu.Create(s, o))),
        .. MmluPro.Subjects.Select(s => new TaskEntry($"mmlu_pro_{s}",
            "mmlu_pro/test.jsonl, validation.jsonl or the hub's data/*.parquet (TIGER-Lab/MMLU-Pro)", o => MmluPro.Create(s, o))),
        new("truthfulqa_mc1", "truthfulqa/mc_task_v0_HF.json (sylinrl/TruthfulQA)", o => TruthfulQa.Create(1, o)),
        new("truthfulqa_mc2", "truthfulqa/mc_task_v0_HF.json (sylinrl/TruthfulQA)", o => TruthfulQa.Create(2, o)),
        new("winogrande", "winogrande/dev.jsonl, with examples also train_xl.jsonl (allenai/winogrande)", WinoGrande.Create),
    ];

    /// <summary>Groups by name: their version and the tasks in them.</summary>
    public static IReadOnlyList<(string Name, string Version, IReadOnlyList<string> Tasks)> Groups { get; } =
    [
        ("mmlu", Mmlu.Version, [.. Mmlu.Subjects.Select(s => $"mmlu_{s}")]),
        .. Mmlu.Groups.Select(g => (g.Key, Mmlu.Version, (IReadOnlyList<string>)[.. g.Value.Select(s => $"mmlu_{s}")])),
        ("mmlu_pro", MmluPro.GroupVersion, [.. MmluPro.Subjects.Select(s => $"mmlu_pro_{s}")]),
    ];

    /// <summary>Settings of the RLHF Workflow's tables: which variant of a benchmark, and how many examples.</summary>
    public static IReadOnlyList<(string Task, int? Shots)> RlhfWorkflow { get; } =
        [("gsm8k_cot", 8), ("mmlu", 5), ("humaneval_evalplus", null), ("truthfulqa_mc2", null), ("arc_challenge", 25), ("mbpp_full", 0)];

    /// <summary>Tasks and groups that names and patterns (<c>mmlu_high_*</c>) stand for, in the order given.</summary>
    /// <exception cref="InputException">A name fits nothing; the nearest is suggested.</exception>
    public static (IReadOnlyList<TaskEntry> Tasks, IReadOnlyList<(string Name, string Version, IReadOnlyList<string> Tasks)> Groups) Find(
        IEnumerable<string> names, Func<string, IEnumerable<string>, string?> nearest)
    {
        List<TaskEntry> tasks = [];
        List<(string Name, string Version, IReadOnlyList<string> Tasks)> groups = [];
        foreach (string name in names)
        {
            var pattern = new Regex($"\\A{Regex.Escape(name).Replace("\\*", ".*").Replace("\\?", ".")}\\z");
            var foundGroups = Groups.Where(g => g.Name == name).ToArray();
            TaskEntry[] found = [.. Tasks.Where(t => pattern.IsMatch(t.Name)),
                .. foundGroups.SelectMany(g => g.Tasks).Select(t => Tasks.First(e => e.Name == t))];
            if (found.Length == 0)
            {
                string? near = nearest(name, Tasks.Select(t => t.Name).Concat(Groups.Select(g => g.Name)));
                throw new InputException($"there is no task or group `{name}`", fix: near is null ? "hone eval list shows all."
                    : $"Did you mean {near}? hone eval list shows all.");
            }
            groups.AddRange(foundGroups.Where(g => !groups.Contains(g)));
            if (name == "mmlu") groups.AddRange(Groups.Where(g => Mmlu.Groups.ContainsKey(g.Name)));
            tasks.AddRange(found.Where(t => !tasks.Contains(t)));
        }
        return (tasks, groups);
    }
}
