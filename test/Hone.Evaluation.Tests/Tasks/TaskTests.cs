namespace Hone.Evaluation.Tests;

public sealed class TaskTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private TaskOptions Options => new() { Data = [_folder.Path] };

    [Fact]
    public void Mmlu_reads_both_layouts_and_scores_letters()
    {
        Write("mmlu/test/anatomy_test.csv", "What?,w,x,y,z,C\n");
        EvalItem item = Assert.Single(Mmlu.Create("anatomy", Options).Items);
        Assert.Equal("The following are multiple choice questions (with answers) about anatomy.\n\nWhat?\nA. w\nB. x\nC. y\nD. z\nAnswer:",
            item.Scores[0].Context.Text);
        Assert.Equal([" A", " B", " C", " D"], item.Scores.Select(s => s.Continuation));
        Assert.Equal("C", item.Target);
        Write("mmlu/test/anatomy_test.csv", "What?,w,x,y,z,E\n");
        Assert.Contains("neither 0 to 3 nor A to D", Assert.Throws<InputException>(() => Mmlu.Create("anatomy", Options)).Message,
            StringComparison.Ordinal);
        Assert.Contains("mmlu/dev", Assert.Throws<InputException>(() => Mmlu.Create("anatomy", Options with { NumFewshot = 5 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_format_makes_turns_and_drops_the_space()
    {
        Write("mmlu/test/anatomy_test.csv", "What?,w,x,y,z,C\n");
        Write("mmlu/dev/anatomy_dev.csv", "Who?,a,b,c,d,A\n");
        TaskOptions options = Options with { NumFewshot = 1, ApplyChatTemplate = true, SystemInstruction = "Be brief." };
        ScoreRequest request = Mmlu.Create("anatomy", options).Items[0].Scores[0];
        Assert.Equal(["system", "user", "assistant", "user"], request.Context.Messages!.Select(m => m.Role));
        Assert.StartsWith("Be brief.\n\nThe following are", request.Context.Messages![0].Content, StringComparison.Ordinal);
        Assert.Equal(("A", "A"), (request.Context.Messages[2].Content, request.Continuation));
        Assert.Equal(["system", "user"],
            Mmlu.Create("anatomy", options with { FewshotAsMultiturn = false }).Items[0].Scores[0].Context.Messages!.Select(m => m.Role));
    }

    [Fact]
    public void Arc_reads_both_layouts_and_numbered_keys()
    {
        Write("arc/ARC-Challenge-Test.jsonl", """
            {"id": "a", "question": "Q1", "choices": {"text": ["x", "y", "z"], "label": ["1", "2", "3"]}, "answerKey": "2"}
            {"id": "b", "question": {"stem": "Q2", "choices": [{"text": "x", "label": "A"}, {"text": "y", "label": "B"}]}, "answerKey": "A"}
            """);
        EvalTask task = Arc.Create(Options);
        Assert.Equal([("1", 3), ("0", 2)], task.Items.Select(i => (i.Target, i.Scores.Count)));
        Assert.Equal("Question: Q2\nAnswer:", task.Items[1].Scores[0].Context.Text);
    }

    [Fact]
    public async Task Code_tasks_estimate_pass_at_k_from_verdicts()
    {
        Write("humaneval/HumanEval.jsonl", """{"task_id": "HumanEval/0", "prompt": "import x\ndef f(a):\n","""
            + """ "test": "def check(c):\n    assert c(1) == 2", "entry_point": "f"}""");
        List<CodeJob> jobs = [];
        TaskOptions options = Options with
        {
            Samples = 10,
            GradePrograms = (list, _) =>
            {
                jobs.AddRange(list);
                return Task.FromResult<IReadOnlyList<CodeVerdict>>(
                    [.. list.Select((j, i) => new CodeVerdict(j.Id, i < 3, i == 9, i < 3 ? "" : "AssertionError"))]);
            },
        };
        EvalTask task = HumanEval.Create(options);
        Assert.Equal(10, task.Items[0].Generations.Count);
        Assert.Equal(10, task.Items[0].Generations.Select(g => g.Options.Seed).Distinct().Count());
        ItemGrade grade = (await task.Grade([(task.Items[0], new ItemReplies([],
            [.. Enumerable.Range(0, 10).Select(i => new Answer($"    return {i}"))]))], TestContext.Current.CancellationToken))[0];
        Assert.Equal(0.3, grade.Metrics["pass@1,none"], 1e-12);
        Assert.Equal(1, grade.Metrics["pass@10,none"], 1e-12);
        Assert.Equal(["timed_out"], grade.Flags);
        Assert.Equal(("import x\ndef f(a):\n    return 0\n", "def check(c):\n    assert c(1) == 2\ncheck(f)\n"),
            (jobs[0].Program, jobs[0].Tests));
        Assert.Equal("import x\n", HumanEval.Imports(task.Items[0].Doc));
    }

    [Theory]
    [InlineData(10, 3, 1)]
    [InlineData(10, 3, 5)]
    [InlineData(20, 0, 10)]
    [InlineData(8, 8, 3)]
    [InlineData(5, 2, 4)]
    public void Pass_at_k_is_the_share_of_draws_with_a_pass(int n, int c, int k)
    {
        // Every choice of k of n samples, of which the first c pass.
        long all = 0, none = 0;
        for (int set = 0; set < 1 << n; set++)
        {
            if (int.PopCount(set) != k) continue;
            all++;
            if ((set & ((1 << c) - 1)) == 0) none++;
        }
        Assert.Equal(1 - (double)none / all, CodeTask.PassAtK(n, c, k), 1e-12);
    }

    [Fact]
    public void Names_groups_and_patterns_find_tasks_and_typos_the_nearest()
    {
        static string? Nearest(string name, IEnumerable<string> all) => all.FirstOrDefault(a => a.Length == name.Length);
        Assert.Equal(57, TaskCatalog.Find(["mmlu"], Nearest).Tasks.Count);
        Assert.Equal(5, TaskCatalog.Find(["mmlu"], Nearest).Groups.Count);
        Assert.Equal(14, TaskCatalog.Find(["mmlu_high_school_*"], Nearest).Tasks.Count);
        Assert.Equal(["gsm8k", "gsm8k_cot", "gsm8k_cot_llama"], TaskCatalog.Find(["gsm8k*"], Nearest).Tasks.Select(t => t.Name));
        Assert.Equal(57, Mmlu.Subjects.Count());
        Assert.Contains("Did you mean gsm8k?", Assert.Throws<InputException>(() => TaskCatalog.Find(["gsm8q"], Nearest)).Message,
            StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllText(_folder.File(name), text);
    }
}
