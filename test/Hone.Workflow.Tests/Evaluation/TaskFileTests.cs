using Hone.Evaluation;

namespace Hone.Workflow.Tests;

public sealed class TaskFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static TaskOptions Options => new() { Data = [] };

    private CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Choices_are_scored_after_the_prompt()
    {
        Rows("""{"q": "Capital of Peru?", "a": "Lima", "b": "Quito", "right": null}""",
            """{"q": "Of Ecuador?", "a": "Lima", "b": "Quito", "right": "B"}""");
        EvalTask task = Load("""
            data: rows.jsonl
            prompt: |
              Question: {{ q }}
              Answer:
            choices: ["{{a}}", "{{b}}"]
            target: "{{ right or 'Lima' }}"
            """);
        Assert.Equal("mine", task.Name);
        Assert.Equal(["acc,none", "acc_norm,none"], task.Metrics);
        Assert.Equal("Question: Capital of Peru?\nAnswer:", task.Items[0].Scores[0].Context.Text);
        Assert.Equal([" Lima", " Quito"], task.Items[0].Scores.Select(s => s.Continuation));
        Assert.Equal(["0", "1"], task.Items.Select(i => i.Target));
        ItemReplies replies = new([new(-1), new(-2)], []);
        IReadOnlyList<ItemGrade> grades = await task.Grade([.. task.Items.Select(i => (i, replies))], Cancel);
        Assert.Equal([1.0, 0.0], grades.Select(g => g.Metrics["acc,none"]));
    }

    [Fact]
    public async Task An_answer_is_taken_by_a_pattern_and_must_match()
    {
        Rows("""{"q": "2+2", "n": 4}""", """{"q": "2+3", "n": 5}""", """{"q": "3+3", "n": 6}""");
        EvalTask task = Load("""
            task: sums
            data: rows.jsonl
            prompt: "{{q}} ="
            target: "{{n}}"
            num_fewshot: 2
            extract: "answer is (\\d+)"
            stop: ["\n"]
            max_gen_toks: 8
            """);
        Assert.Equal(("sums", 2), (task.Name, task.NumFewshot));
        // Two of the three rows, never the question itself.
        Assert.Equal(3, task.Items[0].Generations[0].Prompt.Text!.Split("\n\n").Distinct().Count());
        Assert.All(task.Items, i => Assert.Contains("= ", i.Generations[0].Prompt.Text!, StringComparison.Ordinal));
        Assert.Equal(8, task.Items[0].Generations[0].Options.MaxNewTokens);
        IReadOnlyList<ItemGrade> grades = await task.Grade([.. task.Items.Select(i =>
            (i, new ItemReplies([], [new Answer(i.Id == "1" ? "5" : "the answer is 4.")])))], Cancel);
        Assert.Equal([1.0, 0.0, 0.0], grades.Select(g => g.Metrics["exact_match,none"]));
        Assert.Equal(["not_parsed"], grades[1].Flags);
    }

    [Fact]
    public void Choices_may_be_a_column_and_the_target_a_position()
    {
        Rows("""{"q": "Why?", "options": ["x", "y", "z"], "at": 2}""");
        EvalTask task = Load("data: rows.jsonl\nprompt: \"{{q}}\"\nchoices: options\ntarget: \"{{at}}\"\nmetric: acc\n");
        Assert.Equal(("2", 3), (task.Items[0].Target, task.Items[0].Scores.Count));
        Assert.Equal(["acc,none"], task.Metrics);
    }

    [Fact]
    public async Task A_regular_expression_that_takes_too_long_on_an_answer_takes_nothing_from_it()
    {
        Rows("""{"q": "2+2", "n": 4}""");
        EvalTask task = Load("data: rows.jsonl\nprompt: x\ntarget: \"{{n}}\"\nextract: \"^(a+)+$\"\n");
        var replies = new ItemReplies([], [new Answer(new string('a', 60) + "b")]);
        Assert.Equal(["not_parsed"], Assert.Single(await task.Grade([(task.Items[0], replies)], Cancel)).Flags);
    }

    [Theory]
    [InlineData("data: rows.jsonl\nprmpt: x\ntarget: y\n", "mine.yaml:2:1: a task has no key `prmpt`", "Did you mean prompt?")]
    [InlineData("data: rows.jsonl\ndoc_to_text: x\n", "mine.yaml:2:1: a task has no key `doc_to_text`", "Hone's word for it is prompt.")]
    [InlineData("data: rows.jsonl\nprompt: x\n", "a task needs the key `target`", "example")]
    [InlineData("data: none.jsonl\nprompt: x\ntarget: y\n", "mine.yaml:1:7: there is no file", "task file's folder")]
    [InlineData("data: rows.jsonl\nprompt: \"{{question}}\"\ntarget: y\n", "mine.yaml:2:9: the rows have no column `question`", "q, n")]
    [InlineData("data: rows.jsonl\nprompt: \"{{ q\"\ntarget: y\n", "mine.yaml:2:9", "Jinja")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: y\nmetric: exact_mach\n",
        "mine.yaml:4:9: `metric` is exact_mach", "Did you mean exact_match?")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: y\nextract: \"(\"\n", "mine.yaml:4:10: `extract` is no regular expression", "")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: y\nnum_fewshot: two\n",
        "mine.yaml:4:14: `num_fewshot`: expected a whole number", "'two'")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: c\nchoices: [a, b]\n",
        "row 1: the target `c` is none of the choices `a`, `b`", "position")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: a\nchoices: [a, b]\nstop: c\n",
        "`stop` is for tasks without `choices`", "mine.yaml:5:7")]
    [InlineData("data: rows.jsonl\nprompt: x\ntarget: a\nnum_fewshot: 1\n", "1 examples are asked for, there are 0", "fewshot_data")]
    [InlineData("- a\n", "a task file is a list of keys and values", "prompt")]
    public void A_wrong_file_says_what_where_and_what_to_do(string yaml, string what, string fix)
    {
        Rows("""{"q": "2+2", "n": 4}""");
        string message = Assert.Throws<InputException>(() => Load(yaml)).Message;
        Assert.Contains(what, message, StringComparison.Ordinal);
        Assert.Contains(fix, message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private EvalTask Load(string yaml)
    {
        File.WriteAllText(_folder.File("mine.yaml"), yaml);
        return TaskFile.Load(_folder.File("mine.yaml"), Options);
    }

    private void Rows(params string[] rows) => File.WriteAllLines(_folder.File("rows.jsonl"), rows);
}
