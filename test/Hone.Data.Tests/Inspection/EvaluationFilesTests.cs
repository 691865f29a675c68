namespace Hone.Data.Tests;

public sealed class EvaluationFilesTests
{
    [Fact]
    public void Every_text_of_a_row_is_a_field_whatever_its_column()
    {
        (string Name, string Content, string[][] Items)[] cases =
        [
            ("a.jsonl", """{"id": 7, "q": "one", "choices": {"text": ["two", "three"], "label": ["A"]}}"""
                + "\n" + """{"turns": ["four", null]}""",
                [["one", "two", "three", "A"], ["four"]]),
            ("b.json", """[{"question": "q", "mc1_targets": {"An answer.": 1, "A second one.": 0}}]""",
                [["q", "An answer.", "A second one."]]),
            ("c.csv", "question,choice0,answer\n\"a \"\"dished\"\" face, you say\",\"two\nlines\",1\n",
                [["a \"dished\" face, you say", "two\nlines", "1"]]),
            ("d.txt", "one text\nof two lines\n\nanother", [["one text\nof two lines"], ["another"]]),
        ];
        using var folder = new TempFolder();
        foreach ((string name, string content, string[][] items) in cases)
        {
            File.WriteAllText(folder.File(name), content);
            Assert.Equal(items, EvaluationFiles.Read(folder.File(name), []).Select(i => i.Fields));
        }
        Assert.Equal([$"{folder.File("a.jsonl")}:1", $"{folder.File("a.jsonl")}:2", $"{folder.File("b.json")}:1",
            $"{folder.File("c.csv")}:3", $"{folder.File("d.txt")} #1", $"{folder.File("d.txt")} #2"],
            EvaluationFiles.Read(folder.Path, []).Select(i => i.Where));
    }

    [Fact]
    public void Of_a_folder_training_parts_and_files_without_rows_are_left_out_and_named()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("mmlu/dev"));
        foreach (string name in new[] { "test.jsonl", "train.jsonl", "mmlu/dev/x.jsonl" })
            File.WriteAllText(folder.File(name), """{"q": "text"}""");
        File.WriteAllText(folder.File("settings.json"), "{\n \"a\": 1\n}");
        File.WriteAllText(folder.File("LICENSE"), "no rows");
        List<string> skipped = [];
        Assert.Equal([folder.File("test.jsonl")], EvaluationFiles.Read(folder.Path, skipped).Select(i => i.File));
        Assert.Equal(["mmlu/dev/x.jsonl", "settings.json", "train.jsonl"], skipped.Select(s => s.Split(':')[0].Replace('\\', '/')));
        Assert.Single(EvaluationFiles.Read(folder.File("train.jsonl"), [])); // named, it is read
    }

    [Theory]
    [InlineData("none.csv", null)]
    [InlineData("none.jsonl", null)]
    [InlineData("open.csv", "a,b\n\"never closed")]
    [InlineData("broken.jsonl", "{\"a\":")]
    [InlineData("latin1.csv", "a\n\u00e9")]
    public void A_file_that_cannot_be_read_is_refused_by_name(string name, string? content)
    {
        using var folder = new TempFolder();
        if (content is not null) File.WriteAllText(folder.File(name), content, name.StartsWith("latin1", StringComparison.Ordinal)
            ? System.Text.Encoding.Latin1 : System.Text.Encoding.UTF8);
        InputException refused = Assert.Throws<InputException>(() => EvaluationFiles.Read(folder.File(name), []).Count());
        Assert.Contains(name, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_evaluation_sets_is_refused()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder.File("LICENSE"), "no rows");
        Assert.Throws<InputException>(() => EvaluationFiles.Read(folder.Path, []));
    }

    [Fact]
    public void Public_evaluation_sets_give_all_their_items()
    {
        string eval = SharedData.Require("eval");
        Assert.Equal(14042, EvaluationFiles.Read(Path.Combine(eval, "mmlu", "test"), []).Count());
        Assert.Equal(817, EvaluationFiles.Read(Path.Combine(eval, "truthfulqa", "mc_task_v0_HF.json"), []).Count());
        Assert.Equal(164, EvaluationFiles.Read(Path.Combine(eval, "humaneval", "HumanEval.jsonl.gz"), []).Count());
    }
}
