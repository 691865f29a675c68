using System.CommandLine;
using Hone.Evaluation;
using Hone.Runs.Recipes;
using Hone.Workflow;

namespace Hone.Cli;

/// <summary>The flags of <c>hone eval</c>, named as lm-evaluation-harness names them.</summary>
internal sealed class EvalOptions
{
    private readonly Option<string[]> _tasks = new("--tasks")
    {
        Description = "Tasks, groups or patterns, separated by commas: mmlu,gsm8k*,arc_challenge.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string[]> _files = new("--task")
    {
        Description = "A task of your own: a YAML file (docs/evaluation.md shows one).",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> _preset = new("--preset")
    {
        Description = "lm-eval (the harness's defaults) or rlhf-workflow (the settings of the model card).",
    };
    private readonly Option<int?> _shots = new("--num-fewshot") { Description = "Examples before each question; default: the task's own." };
    private readonly Option<string?> _limit = new("--limit") { Description = "Only the first items: a number, or a share below 1." };
    private readonly Option<string?> _samples = new("--samples")
    {
        Description = "Only these items: JSON or a file of it, {\"gsm8k\": [0, 5]}.",
    };
    private readonly Option<bool> _chat = new("--apply-chat-template") { Description = "Ask in the model's own chat format." };
    private readonly Option<bool> _oneTurn = new("--no-fewshot-as-multiturn")
    {
        Description = "With the chat format: all examples in one message.",
    };
    private readonly Option<string?> _system = new("--system-instruction") { Description = "System message, or text before the prompt." };
    private readonly Option<string?> _batch = new("--batch-size")
    {
        Description = "auto; batches are planned by tokens, so that nothing need be set.",
    };
    private readonly Option<int?> _seed = new("--seed") { Description = "Seed of the choice of examples; default 1234, the harness's." };
    private readonly Option<int?> _n = new("--n-samples")
    {
        Description = "Samples per problem of the code tasks, for pass@k; default 1, greedy.",
    };
    private readonly Option<double?> _temperature = new("--temperature") { Description = "Temperature of the samples of code tasks." };
    private readonly Option<int?> _tokens = new("--max-gen-toks") { Description = "Longest answer, in tokens; default: the task's own." };
    private readonly Option<string?> _output = new("--output-path")
    {
        Description = "Folder of results and stored answers; default eval-results/MODEL.",
    };
    private readonly Option<bool> _log = new("--log-samples")
    {
        Description = "Write every item with prompt, answer and grade to samples_*.jsonl.",
    };
    private readonly Option<bool> _unsafe = new("--unsafe-code")
    {
        Description = "Run model-written code without a sandbox: it can read, change and send all that you can.",
    };
    private readonly Option<bool> _predict = new("--predict-only") { Description = "Ask and store, do not grade." };

    private readonly ModelFlags _model;
    private readonly DataFlag _data;

    public EvalOptions(Command command)
    {
        _model = new ModelFlags(command);
        _data = new DataFlag(command);
        foreach (Option option in (Option[])[_tasks, _files, _preset, _shots, _limit, _samples, _chat, _oneTurn,
            _system, _batch, _seed, _n, _temperature, _tokens, _output, _log, _predict, _unsafe])
            command.Add(option);
    }

    public bool LogSamples(ParseResult parsed) => parsed.GetValue(_log);

    public bool PredictOnly(ParseResult parsed) => parsed.GetValue(_predict);

    public string Preset(ParseResult parsed) => parsed.GetValue(_preset) switch
    {
        null or "lm-eval" => "lm-eval",
        "rlhf-workflow" => "rlhf-workflow",
        string other => throw new InputException($"--preset is {other}, it must be lm-eval or rlhf-workflow"),
    };

    public string Output(ParseResult parsed, ModelInfo model) => parsed.GetValue(_output) ?? Path.Combine("eval-results", model.Name);

    public ItemSelection Selection(ParseResult parsed) => ItemSelection.Of(parsed.GetValue(_limit), parsed.GetValue(_samples));

    /// <summary>The tasks with their settings, and the groups to sum up.</summary>
    /// <exception cref="InputException">A task is not known or lacks a file, or runs code and there is no sandbox.</exception>
    public (IReadOnlyList<EvalTask> Tasks, IReadOnlyList<(string Name, string Version, IReadOnlyList<string> Tasks)> Groups) Tasks(
        ParseResult parsed, Streams io)
    {
        if (parsed.GetValue(_batch) is { } batch && batch != "auto")
            throw new InputException($"--batch-size is {batch}; only auto is there", fix: "Leave it out: batches are planned by tokens.");
        bool card = Preset(parsed) == "rlhf-workflow";
        string[] names = CommaList.Of(parsed.GetValue(_tasks));
        string[] files = parsed.GetValue(_files) ?? [];
        if (names.Length == 0 && files.Length == 0)
            names = card
                ? [.. TaskCatalog.RlhfWorkflow.Select(t => t.Task)]
                : throw new InputException("--tasks is needed",
                    fix: "For example --tasks mmlu,gsm8k, or a file of your own with --task; hone eval list shows all.");
        if (names.FirstOrDefault(n => Path.GetExtension(n) is ".yaml" or ".yml") is { } own)
            throw new InputException($"--tasks: {own} is a file", fix: $"A task of your own is given with --task {own}.");
        (IReadOnlyList<TaskEntry> entries, var groups) = TaskCatalog.Find(names, NearestName.Of);
        bool runsCode = !PredictOnly(parsed) && entries.Any(e => e.Name.StartsWith("humaneval", StringComparison.Ordinal)
            || e.Name.StartsWith("mbpp", StringComparison.Ordinal));
        CodeGrader? grader = runsCode ? CodeGrader.Create(parsed.GetValue(_unsafe)) : null;
        var options = new TaskOptions
        {
            Data = entries.Count > 0 || _data.IsGiven(parsed) ? _data.Get(parsed, io) : [],
            NumFewshot = parsed.GetValue(_shots) is < 0
                ? throw new InputException("--num-fewshot must be 0 or above")
                : parsed.GetValue(_shots),
            ApplyChatTemplate = parsed.GetValue(_chat),
            FewshotAsMultiturn = !parsed.GetValue(_oneTurn),
            SystemInstruction = parsed.GetValue(_system),
            FewshotSeed = parsed.GetValue(_seed) ?? 1234,
            Samples = parsed.GetValue(_n) is < 1 ? throw new InputException("--n-samples must be 1 or above") : parsed.GetValue(_n) ?? 1,
            Temperature = parsed.GetValue(_temperature) ?? 0,
            GradePrograms = grader is null ? null : grader.GradeAsync,
        };
        ItemSelection selection = Selection(parsed);
        EvalTask Task(TaskEntry entry) =>
            entry.Create(card && options.NumFewshot is null ? options with { NumFewshot = CardShots(entry.Name) } : options);
        int? tokens = parsed.GetValue(_tokens);
        EvalTask[] tasks = [.. entries.Select(Task), .. files.Select(f => TaskFile.Load(f, options))];
        if (tasks.GroupBy(t => t.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InputException($"two tasks are named {twice.Key}", fix: "Give one of them another name with the key `task`.");
        return ([.. tasks.Select(t => Shorten(selection.Apply(t), tokens)).Where(t => t.Items.Count > 0)], groups);
    }

    public AskedModel Open(ParseResult parsed, Streams io) => _model.Open(parsed, io);

    private static EvalTask Shorten(EvalTask task, int? tokens)
    {
        if (tokens is not { } most || !task.Items.Any(i => i.Generations.Count > 0)) return task;
        if (most < 1) throw new InputException($"--max-gen-toks is {most}, it must be 1 or above");
        return task with
        {
            Settings = new Dictionary<string, string>(task.Settings) { ["max_gen_toks"] = $"{most}" },
            Items = [.. task.Items.Select(i => i with { Generations = [.. i.Generations.Select(Shorter)] })],
        };
        GenerateRequest Shorter(GenerateRequest g) => g with { Options = g.Options with { MaxNewTokens = most } };
    }

    private static int? CardShots(string task) => TaskCatalog.RlhfWorkflow.FirstOrDefault(
        t => t.Task == task || (t.Task == "mmlu" && task.StartsWith("mmlu_", StringComparison.Ordinal))).Shots;
}
