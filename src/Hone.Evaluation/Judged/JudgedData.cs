namespace Hone.Evaluation;

/// <summary>A judged benchmark: its name, and what of its files are needed for what.</summary>
internal sealed record JudgedTask(string Name, string Needs);

/// <summary>Where the judged benchmarks' own files lie in folders of data.</summary>
internal sealed class JudgedData(IReadOnlyList<string> data)
{
    public static IReadOnlyList<JudgedTask> Tasks { get; } =
    [
        new("alpaca_eval", "alpaca_eval/alpaca_eval_gpt4_baseline.json; to judge also alpaca_eval_clf.txt, for length control "
            + "df_gamed.csv (tatsu-lab/alpaca_eval)"),
        new("arena_hard",
            "arena_hard/question_v0.1.jsonl; to judge also judge_config_2024.yaml and the baseline's answers (lmarena/arena-hard-auto)"),
        new("mt_bench", "mt_bench/question.jsonl; to judge also judge_prompts.jsonl and reference_answer_gpt-4.jsonl (lm-sys/FastChat)"),
        new("mt_bench_pair", "as mt_bench: two models' answers, compared in both orders"),
    ];

    /// <summary>Instructions with gpt4_1106_preview's outputs, AlpacaEval 2's baseline.</summary>
    public string AlpacaBaseline => Find("alpaca_eval", "alpaca_eval/alpaca_eval_gpt4_baseline.json", "alpaca_eval_gpt4_baseline.json");

    public string AlpacaPrompt => Find("alpaca_eval", "alpaca_eval/alpaca_eval_clf.txt", "alpaca_eval_clf.txt");

    public string MtBenchQuestions => Find("mt_bench", "mt_bench/question.jsonl", "question.jsonl");

    public MtBenchPrompts MtBenchPrompts => MtBenchPrompts.Load(
        Find("mt_bench", "mt_bench/judge_prompts.jsonl", "judge_prompts.jsonl"),
        Find("mt_bench", "mt_bench/reference_answer_gpt-4.jsonl", "mt_bench/reference_answer/gpt-4.jsonl", "reference_answer/gpt-4.jsonl"));

    public string ArenaQuestions => Find("arena_hard", "arena_hard/question_v0.1.jsonl", "arena_hard/question.jsonl", "question.jsonl");

    /// <summary>Answers of gpt-4-0314, Arena-Hard v0.1's baseline.</summary>
    public string ArenaBaseline => Find("arena_hard", "arena_hard/baseline_gpt-4-0314_answers.jsonl.gz",
        "arena_hard/model_answer/gpt-4-0314.jsonl", "model_answer/gpt-4-0314.jsonl");

    public ArenaJudgePrompt ArenaPrompt =>
        ArenaJudgePrompt.Load(Find("arena_hard", "arena_hard/judge_config_2024.yaml", "arena_hard/judge_config.yaml", "judge_config.yaml"));

    /// <summary>The folder with AlpacaEval's figures for length control; null where it has none.</summary>
    public string? AlpacaLengthControl => data.SelectMany(d => (string[])[Path.Combine(d, "alpaca_eval"), d])
        .FirstOrDefault(f => Directory.Exists(f) && Directory.EnumerateFiles(f, "*.csv").Any(c => Path.GetFileName(c).StartsWith("df_gamed",
        StringComparison.Ordinal) || Path.GetFileName(c).StartsWith("instruction_difficulty", StringComparison.Ordinal)));

    private string Find(string task, params string[] names) => QuestionFile.Find(data, task, names);
}
