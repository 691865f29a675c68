namespace Hone.Evaluation.Tests;

/// <summary>MMLU-Pro, GPQA and IFEval as tasks: prompts after lm-evaluation-harness's task files, values by hand.</summary>
public sealed class ExpertQuestionTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private TaskOptions Options => new() { Data = [_folder.Path] };

    private CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Mmlu_pro_shows_worked_examples_of_its_subject_and_asks_step_by_step()
    {
        Write("mmlu_pro/test.jsonl", Pro("Which law?", "law", "B") + "\n" + Pro("Which cell?", "biology", "A"));
        Write("mmlu_pro/validation.jsonl", Pro("Other?", "biology", "A") + "\n" + Pro("What tort?", "law", "A"));
        EvalTask task = MmluPro.Create("law", Options with { NumFewshot = 1 });
        GenerateRequest request = Assert.Single(task.Items).Generations[0];
        Assert.Equal("The following are multiple choice questions (with answers) about law. Think step by step and then finish your "
            + "answer with \"the answer is (X)\" where X is the correct letter choice.\n"
            + "Question:\nWhat tort?\nOptions:\nA. one\nB. two\nAnswer: Let's think step by step. It is one. The answer is (A).\n\n"
            + "Question:\nWhich law?\nOptions:\nA. one\nB. two\nAnswer: Let's think step by step.", request.Prompt.Text);
        Assert.Equal((2048, "Question:"), (request.Options.MaxNewTokens, Assert.Single(request.Options.StopStrings)));
        Assert.Equal(("3.1", "mmlu_pro"), (task.Version, task.Group));
        Assert.Contains("5 examples are asked for, law has 1",
            Assert.Throws<InputException>(() => MmluPro.Create("law", Options)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("So the answer is (C). No, the answer is (D).", "C")]
    [InlineData("the answer is J", "J")]
    [InlineData("The Answer is (C)", "[invalid]")]
    [InlineData("the answer is (K)", "[invalid]")]
    public void Mmlu_pro_takes_the_first_letter_named(string answer, string letter) => Assert.Equal(letter, MmluPro.Letter(answer));

    [Fact]
    public void Mmlu_pro_is_a_group_of_fourteen()
    {
        Assert.Equal(14, TaskCatalog.Find(["mmlu_pro"], (_, _) => null).Tasks.Count);
        Assert.Equal(["mmlu", "mmlu_humanities", "mmlu_other", "mmlu_social_sciences", "mmlu_stem"],
            TaskCatalog.Find(["mmlu"], (_, _) => null).Groups.Select(g => g.Name));
    }

    /// <summary>CPython: Random(0) shuffles [i1, i2, i3, c] to [i3, i1, i2, c], the next to [i1, i2, c, i3].</summary>
    [Fact]
    public async Task Gpqa_shuffles_the_choices_row_by_row()
    {
        Write("gpqa/gpqa_diamond.csv", "Question,Correct Answer,Incorrect Answer 1,Incorrect Answer 2,Incorrect Answer 3\n"
            + "\" Why?\", c  c ,i1,[1],None\nHow?,c,i1,i2,i3\n");
        EvalTask task = Gpqa.Create("diamond", Options);
        Assert.Equal("What is the correct answer to this question: Why?\nChoices:\n(A)  \n(B) i1\n(C) [1]\n(D) c c\nAnswer:",
            task.Items[0].Scores[0].Context.Text);
        Assert.Equal(["3", "2"], task.Items.Select(i => i.Target));
        Assert.Equal([" (A)", " (B)", " (C)", " (D)"], task.Items[1].Scores.Select(s => s.Continuation));
        ItemGrade grade = (await task.Grade([(task.Items[1], new ItemReplies([new(-3), new(-3), new(-1), new(-3)], []))], Cancel))[0];
        Assert.Equal((1, 1), (grade.Metrics["acc,none"], grade.Metrics["acc_norm,none"]));
        Assert.Contains("gated", TaskCatalog.Tasks.Single(t => t.Name == "gpqa_main_zeroshot").Needs, StringComparison.Ordinal);
    }

    /// <summary>The verdicts of the answer are those of upstream's process_results: strictly 1 of 3, loosely all.</summary>
    [Fact]
    public async Task Ifeval_counts_prompts_and_instructions_strictly_and_loosely()
    {
        Write("ifeval_input_data.jsonl", """
            {"key": 1001, "prompt": "Quote the end.",
             "instruction_id_list": ["punctuation:no_comma", "startend:quotation", "keywords:existence"],
             "kwargs": [{}, {"num_words": null}, {"keywords": ["end"]}]}
            """.ReplaceLineEndings("") + "\n" + """
            {"key": 1002, "prompt": "Be quiet.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
            """);
        EvalTask task = IfEval.Create(Options);
        Assert.Equal(("1001", "Quote the end.", 1280),
            (task.Items[0].Id, task.Items[0].Generations[0].Prompt.Text, task.Items[0].Generations[0].Options.MaxNewTokens));
        using ReplyStore store = ReplyStore.InMemory();
        var model = new FakeModel
        {
            Generate = r => new Answer(r.Prompt.Text == "Be quiet." ? "Yes." : "Sure, here:\n\"the *end*\""),
        };
        TaskSummary summary = TaskSummary.Of(await TaskRunner.RunAsync(task, model, store, cancel: Cancel));
        Assert.Equal(
            [("prompt_level_strict_acc", 0.5), ("inst_level_strict_acc", 0.5), ("prompt_level_loose_acc", 1), ("inst_level_loose_acc", 1)],
            summary.Metrics.Select(m => (m.Metric, m.Value)));
        Assert.Equal([true, false, true, false], summary.Metrics.Select(m => m.StandardError is not null));
    }

    public void Dispose() => _folder.Dispose();

    private static string Pro(string question, string category, string answer) =>
        $$"""{"question": "{{question}}", "options": ["one", " two "], "answer": "{{answer}}", "category": "{{category}}","""
        + """ "cot_content": "A: Let's think step by step. It is one. The answer is (A)."}""";

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllText(_folder.File(name), text);
    }
}
