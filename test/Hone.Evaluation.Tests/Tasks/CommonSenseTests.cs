namespace Hone.Evaluation.Tests;

/// <summary>HellaSwag and WinoGrande: prompts after lm-evaluation-harness's task files, values by hand.</summary>
public sealed class CommonSenseTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private TaskOptions Options => new() { Data = [_folder.Path] };

    private CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The expected text is what the harness's own preprocessing gave for this row.</summary>
    [Fact]
    public void Hellaswag_cleans_its_texts_as_upstream_does()
    {
        Write("hellaswag_val.jsonl", Row(activity: "Baking", a: "How to bake [header] Bread [title] First   step. [substeps] Mix",
            b: "the Flour IS", label: "\"1\"", endings: ["  mixed.", "[step] kneaded [x] well."]));
        EvalItem item = Assert.Single(HellaSwag.Create(Options).Items);
        Assert.Equal("Baking: How to bake Bread. First  step. Mix The flour is", item.Scores[0].Context.Text);
        Assert.Equal([" mixed.", "  kneaded well."], item.Scores.Select(s => s.Continuation));
        Assert.Equal("1", item.Target);
    }

    /// <summary>-3 beats -4, but by length -4 / 8 beats -3 / 2.</summary>
    [Fact]
    public async Task Hellaswag_divides_by_characters_for_acc_norm()
    {
        Write("hellaswag/validation.jsonl", Row("A", "b", "", "0", ["abcdefgh", "ab"]));
        EvalTask task = HellaSwag.Create(Options);
        ItemGrade grade = (await task.Grade([(task.Items[0], new ItemReplies([new(-4), new(-3)], []))], Cancel))[0];
        Assert.Equal((0, 1), (grade.Metrics["acc,none"], grade.Metrics["acc_norm,none"]));
    }

    /// <summary>CPython: Random(1234).sample(range(6), 2) is [3, 0], then [0, 5].</summary>
    [Fact]
    public void Examples_are_drawn_as_the_harness_draws_them()
    {
        Write("hellaswag_val.jsonl", Row("A", "q0", "", "0", ["x", "y"]) + "\n" + Row("A", "q1", "", "0", ["x", "y"]));
        Write("hellaswag_train.jsonl", string.Join('\n', Enumerable.Range(0, 6).Select(i => Row("A", $"t{i}", "", "1", ["x", $"y{i}"]))));
        EvalTask task = HellaSwag.Create(Options with { NumFewshot = 2 });
        Assert.Equal("A: t3 y3\n\nA: t0 y0\n\nA: q0", task.Items[0].Scores[0].Context.Text);
        Assert.Equal("A: t0 y0\n\nA: t5 y5\n\nA: q1", task.Items[1].Scores[1].Context.Text);
    }

    [Fact]
    public void Rows_of_another_data_set_or_without_labels_are_told()
    {
        Write("data/validation-00000-of-00001.parquet", "never read");
        Write("hellaswag_val.jsonl", Row("A", "b", "c", "\"\"", ["x", "y"]));
        Assert.Contains("test split have no labels", Assert.Throws<InputException>(() => HellaSwag.Create(Options)).Message,
            StringComparison.Ordinal);
        Write("hellaswag_val.jsonl", """{"question": "another's"}""");
        File.Delete(_folder.File("data/validation-00000-of-00001.parquet"));
        Assert.Contains("hellaswag needs one of", Assert.Throws<InputException>(() => HellaSwag.Create(Options)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Partial scoring: the same rest after each name.</summary>
    [Fact]
    public async Task Winogrande_scores_the_rest_of_the_sentence()
    {
        Write("winogrande/dev.jsonl", """
            {"sentence": "Ann thanked Bea because _ had helped.", "option1": "Ann", "option2": "Bea", "answer": "2"}
            """);
        Write("winogrande/train_xl.jsonl", """
            {"sentence": "The cup broke as the _ was hard.", "option1": "floor", "option2": "cup", "answer": "1"}
            """);
        EvalTask task = WinoGrande.Create(Options with { NumFewshot = 1 });
        EvalItem item = Assert.Single(task.Items);
        Assert.Equal(
            [
                ("The cup broke as the floor was hard.\n\nAnn thanked Bea because Ann", " had helped."),
                ("The cup broke as the floor was hard.\n\nAnn thanked Bea because Bea", " had helped."),
            ], item.Scores.Select(s => (s.Context.Text!, s.Continuation)));
        ItemGrade grade = (await task.Grade([(item, new ItemReplies([new(-5), new(-4)], []))], Cancel))[0];
        Assert.Equal(1, grade.Metrics["acc,none"]);
        Assert.Equal(["acc,none"], task.Metrics);
    }

    public void Dispose() => _folder.Dispose();

    private static string Row(string activity, string a, string b, string label, string[] endings) =>
        $$"""{"activity_label": "{{activity}}", "ctx_a": "{{a}}", "ctx_b": "{{b}}", "label": {{label}}, "endings": """
        + $"""["{string.Join("\", \"", endings)}"]""" + "}";

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllText(_folder.File(name), text);
    }
}
