namespace Hone.Evaluation.Tests;

/// <summary>Variants of the tasks, and question files in the layouts that users have.</summary>
public sealed class TaskVariantTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private TaskOptions Options => new() { Data = [_folder.Path] };

    /// <summary>
    /// The harness's YAML writes an empty line in single quotes; YAML folds it to one line break (section 6.5 of YAML
    /// 1.2).
    /// </summary>
    [Fact]
    public void Chain_of_thought_has_one_line_break_before_the_answer()
    {
        Write("gsm8k/test.jsonl", """{"question": "How many?", "answer": "One. #### 1"}""");
        string prompt = Gsm8k.CreateChainOfThought(Options with { NumFewshot = 1 }).Items[0].Generations[0].Prompt.Text!;
        Assert.Contains("How many trees did the grove workers plant today?\nA: There are 15 trees", prompt, StringComparison.Ordinal);
        Assert.EndsWith("The answer is 6.\n\nQ: How many?\nA:", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Llama_form_is_asked_and_read()
    {
        Write("gsm8k/test.jsonl", """{"question": "How many?", "answer": "Some.\n#### 1,234"}""");
        EvalTask task = Gsm8k.CreateLlama(Options);
        Assert.Equal(8, task.NumFewshot);
        string prompt = task.Items[0].Generations[0].Prompt.Text!;
        Assert.Contains("is the response to the problem.\nThere are 15 trees originally.", prompt, StringComparison.Ordinal);
        Assert.Equal(8, prompt.Split("The final answer is [answer]").Length - 2);
        Assert.Contains("So there must have been 21 - 15 = 6. The final answer is 6\n\nGiven the following",
            prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("The answer is", prompt, StringComparison.Ordinal);
        ItemGrade grade = (await task.Grade([(task.Items[0], new ItemReplies([],
            [new Answer("The final answer is 7. No: The final answer is $1,234.")]))], TestContext.Current.CancellationToken))[0];
        Assert.Equal("$1,234.", grade.Extracted["strict-match"]);
        Assert.Equal(1, grade.Metrics["exact_match,strict-match"]);
    }

    [Fact]
    public void Too_many_worked_examples_are_refused()
    {
        Write("gsm8k/test.jsonl", """{"question": "How many?", "answer": "#### 1"}""");
        Assert.Contains("8 examples, 9", Assert.Throws<InputException>(() => Gsm8k.CreateLlama(Options with { NumFewshot = 9 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_example_that_is_the_question_is_flagged()
    {
        Write("mmlu/test/anatomy_test.csv", "Who?,a,b,c,d,A\nWhat?,w,x,y,z,C\n");
        Write("mmlu/dev/anatomy_dev.csv", "Who?,a,b,c,d,A\n");
        EvalTask task = Mmlu.Create("anatomy", Options with { NumFewshot = 1 });
        ItemReplies replies = new([.. Enumerable.Range(0, 4).Select(_ => new Likelihood(-1))], []);
        IReadOnlyList<ItemGrade> grades = await task.Grade([.. task.Items.Select(i => (i, replies))],
            TestContext.Current.CancellationToken);
        Assert.Equal([1, 0], grades.Select(g => g.Flags.Count(f => f == "fewshot_overlap")));
    }

    /// <summary>A question of ARC is flagged for its own examples, not for all that others may draw.</summary>
    [Fact]
    public async Task Only_examples_before_the_question_count_as_overlap()
    {
        static string Row(string q) =>
            $$"""{"id": "x", "question": "{{q}}", "choices": {"text": ["x", "y"], "label": ["A", "B"]}, "answerKey": "A"}""";
        Write("arc/ARC-Challenge-Test.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(i => Row($"Q{i}"))));
        Write("arc/ARC-Challenge-Train.jsonl", string.Join('\n', Enumerable.Range(0, 20).Select(i => Row($"Q{i}"))));
        EvalTask task = Arc.Create(Options with { NumFewshot = 2 });
        ItemReplies replies = new([new(-1), new(-2)], []);
        IReadOnlyList<ItemGrade> grades = await task.Grade([.. task.Items.Select(i => (i, replies))],
            TestContext.Current.CancellationToken);
        for (int i = 0; i < task.Items.Count; i++)
        {
            string[] parts = task.Items[i].Scores[0].Context.Text!.Split("\n\n");
            bool overlap = parts[..^1].Any(p => p.StartsWith($"Question: Q{i}\n", StringComparison.Ordinal));
            Assert.Equal(overlap, grades[i].Flags.Contains("fewshot_overlap"));
        }
        Assert.Contains(grades, g => g.Flags.Count == 0);
    }

    [Fact]
    public void Mmlu_reads_rows_with_the_hubs_columns()
    {
        Write("rows.jsonl", """{"question": "What?", "subject": "anatomy", "choices": ["w", "x", "y", "z"], "answer": 2}""");
        Mmlu.Row row = Assert.Single(Mmlu.Read(_folder.File("rows.jsonl")));
        Assert.Equal(("What?", "z", 2), (row.Question, row.Choices[3], row.Gold));
        Write("rows.jsonl", """{"question": "What?", "answer": 2}""");
        Assert.Contains("cells", Assert.Throws<InputException>(() => Mmlu.Read(_folder.File("rows.jsonl")).ToArray()).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Csv_that_is_not_utf8_is_refused()
    {
        File.WriteAllBytes(_folder.File("x.csv"), [0x61, 0xE9, 0x2C, 0x62, 0x0A]);
        Assert.Contains("not UTF-8", Assert.Throws<InputException>(() => TestFiles.Csv(_folder.File("x.csv"))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("    return 1\n```\nIt works.", "    return 1\n")]
    [InlineData("    return 1\n", "    return 1\n")]
    [InlineData("Here it is:\n```python\ndef f():\n    return 1\n```\nDone.", "def f():\n    return 1\n")]
    [InlineData("```py\ndef f(): pass", "def f(): pass")]
    [InlineData("    return 1\n```\nUse it:\n```python\nf()\n```", "    return 1\n")]
    public void Code_is_taken_from_the_block_it_stands_in(string answer, string code) => Assert.Equal(code, CodeTask.FencedCode(answer));

    /// <summary>The harness's own pattern would take the word after the fence, here <c>def</c>, for a language.</summary>
    [Fact]
    public async Task Mbpp_instruct_keeps_the_first_word_of_the_code()
    {
        Write("mbpp/mbpp.jsonl",
            """{"task_id": 11, "text": "Write f.", "code": "c", "test_setup_code": "", "test_list": ["assert f()"]}""");
        CodeJob? job = null;
        TaskOptions options = Options with
        {
            NumFewshot = 0,
            GradePrograms = (jobs, _) =>
            {
                job = Assert.Single(jobs);
                return Task.FromResult<IReadOnlyList<CodeVerdict>>([new CodeVerdict(job.Id, true, false, "")]);
            },
        };
        EvalTask task = MbppInstruct.Create(options);
        ItemGrade grade = (await task.Grade([(task.Items[0], new ItemReplies([], [new Answer("def f(): return 1\n```\nDone.")]))],
            TestContext.Current.CancellationToken))[0];
        Assert.Equal(1, grade.Metrics["pass@1,extract_code"]);
        Assert.Equal("from __future__ import annotations\ndef f(): return 1\n\n", job!.Program);
    }

    [Fact]
    public void Mbpp_variants_ask_in_words()
    {
        Write("mbpp/mbpp.jsonl", string.Join('\n', new[] { 2, 3, 4, 11, 511 }.Select(i =>
            $$"""{"task_id": {{i}}, "text": "Write f{{i}}.", "code": "c{{i}}", "test_setup_code": "","""
                + $$""" "test_list": ["assert a", "assert b", "assert c"]}""")));
        EvalItem item = Assert.Single(MbppInstruct.Create(Options).Items);
        string prompt = item.Generations[0].Prompt.Text!;
        Assert.StartsWith("You are an expert Python programmer, and here is your task:\nWrite f2.\nYour code should pass these "
            + "tests:\nassert a\nassert b\nassert c\n```python\nc2\n```\n\n", prompt, StringComparison.Ordinal);
        Assert.EndsWith("Write f11.\nYour code should pass these tests:\nassert a\nassert b\nassert c\n```python\n",
            prompt, StringComparison.Ordinal);
        ModelPrompt chat = MbppInstruct.Create(Options with { ApplyChatTemplate = true }).Items[0].Generations[0].Prompt;
        Assert.Equal((7, "\n```python\n"), (chat.Messages!.Count, chat.AssistantPrefix));

        Write("mbpp/sanitized-mbpp.json",
            """[{"task_id": 2, "prompt": "Write f.", "code": "c", "test_imports": [], "test_list": ["assert a", "assert b"]}]""");
        Assert.Contains("code block:\n```\n\"\"\"\nWrite f.\nassert a\n\"\"\"\n```\n",
            MbppInstruct.CreateEvalPlus(Options).Items[0].Generations[0].Prompt.Text!, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllText(_folder.File(name), text);
    }
}
