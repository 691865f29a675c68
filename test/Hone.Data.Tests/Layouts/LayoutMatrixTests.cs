using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ZstdSharp;

namespace Hone.Data.Tests;

/// <summary>
/// Every layout in every kind of file, for everything that is made of rows: what one verb reads another must not refuse, and all
/// see the same prompt and answer.
/// </summary>
public sealed class LayoutMatrixTests : IDisposable
{
    private const string User = """{"role": "user", "content": "the question"}""", System = """{"role": "system", "content": "be brief"}""",
        Good = """{"role": "assistant", "content": "a good answer"}""", Bad = """{"role": "assistant", "content": "a bad answer"}""";

    private static readonly Dictionary<string, string> s_sft = new()
    {
        ["messages"] = $$"""{"messages": [{{System}}, {{User}}, {{Good}}]}""",
        ["messages, system apart"] = $$"""{"system": "be brief", "messages": [{{User}}, {{Good}}]}""",
        ["ShareGPT"] = """
            {"system": "be brief", "conversations": [{"from": "human", "value": "the question"}, {"from": "gpt", "value": "a good answer"}]}
            """,
        ["Alpaca"] = """{"system": "be brief", "instruction": "the question", "input": "", "output": "a good answer"}""",
        ["prompt-completion"] = """{"system": "be brief", "prompt": "the question", "completion": "a good answer"}""",
        ["prompt-completion of messages"] = $$"""{"prompt": [{{System}}, {{User}}], "completion": [{{Good}}]}""",
    };

    private static readonly Dictionary<string, string> s_preferences = new()
    {
        ["message lists"] = $$"""{"chosen": [{{System}}, {{User}}, {{Good}}], "rejected": [{{System}}, {{User}}, {{Bad}}]}""",
        ["message lists, system apart"] =
            $$"""{"system": "be brief", "chosen": [{{User}}, {{Good}}], "rejected": [{{User}}, {{Bad}}]}""",
        ["prompt and answers"] =
            """{"system": "be brief", "prompt": "the question", "chosen": "a good answer", "rejected": "a bad answer"}""",
        ["prompt of messages"] = $$"""{"prompt": [{{System}}, {{User}}], "chosen": [{{Good}}], "rejected": [{{Bad}}]}""",
        ["Orca"] = """{"system": "be brief", "question": "the question", "chosen": "a good answer", "rejected": "a bad answer"}""",
        ["LLaMA-Factory ranking"] = """
            {"system": "be brief", "instruction": "the question", "input": "", "chosen": "a good answer", "rejected": "a bad answer"}
            """,
        ["LLaMA-Factory ranked output"] =
            """{"system": "be brief", "instruction": "the question", "output": ["a good answer", "a bad answer"]}""",
        ["LLaMA-Factory ShareGPT"] = """
            {"system": "be brief", "conversations": [{"from": "human", "value": "the question"}],
             "chosen": {"from": "gpt", "value": "a good answer"}, "rejected": {"from": "gpt", "value": "a bad answer"}}
            """,
        ["OpenAI"] = $$"""
            {"input": {"messages": [{{System}}, {{User}}], "tools": []}, "preferred_output": [{{Good}}], "non_preferred_output": [{{Bad}}]}
            """,
        ["TRL implicit"] =
            """{"system": "be brief", "chosen": "the question a good answer", "rejected": "the question a bad answer"}""",
        ["Stack Exchange"] =
            """{"system": "be brief", "question": "the question", "response_j": "a good answer", "response_k": "a bad answer"}""",
        ["KTO"] = """
            {"system": "be brief", "prompt": "the question", "completion": "a bad answer", "label": false}
            {"system": "be brief", "prompt": "the question", "completion": "a good answer", "label": true}
            """,
        ["KTO of messages"] = $$"""
            {"messages": [{{System}}, {{User}}, {{Good}}], "label": true}
            {"messages": [{{System}}, {{User}}, {{Bad}}], "label": false}
            """,
    };

    private static readonly string[] s_files = ["rows.jsonl", "rows.ndjson", "rows.json", "rows.jsonl.gz", "rows.json.zst", "rows.csv",
        "rows.csv.gz"];
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> SftFiles => Matrix(s_sft.Keys);

    public static TheoryData<string, string> PreferenceFiles => Matrix(s_preferences.Keys);

    [Theory]
    [MemberData(nameof(SftFiles))]
    public void Conversations_in_every_kind_of_file(string layout, string file)
    {
        string path = Write(file, s_sft[layout]);
        Conversation row = Assert.IsType<Conversation>(Assert.Single(DataReader.ReadSft(path, new DataReport("x"))));
        Assert.Equal(["system be brief", "user the question", "assistant a good answer"],
            row.Messages.Select(m => $"{m.Role} {m.Content}"));
        PromptRow prompt = Assert.Single(DataReader.ReadPrompts(path, new DataReport("x")));
        Assert.Equal(row.Messages.SkipLast(1), prompt.Messages);
        Assert.Contains("sft", DataReader.Kinds(path));
    }

    [Theory]
    [MemberData(nameof(PreferenceFiles))]
    public void Preferences_in_every_kind_of_file(string layout, string file)
    {
        string path = Write(file, s_preferences[layout]);
        Preference row = Assert.Single(DataReader.ReadPreferences(path, new DataReport("x")));
        string question = layout == "TRL implicit" ? "the question a" : "the question";
        Assert.Equal(["system be brief", $"user {question}"], row.Prompt.Select(m => $"{m.Role} {m.Content}"));
        Assert.Equal(layout == "TRL implicit" ? ("good answer", "bad answer")
            : ("a good answer", "a bad answer"), (row.Chosen, row.Rejected));
        Assert.All(DataReader.ReadPrompts(path, new DataReport("x")), prompt => Assert.Equal(row.Prompt, prompt.Messages));
        Assert.Contains(layout.StartsWith("KTO", StringComparison.Ordinal) ? "sft" : "preferences", DataReader.Kinds(path));
    }

    [Fact]
    public void Labelled_answers_without_a_counterpart_are_counted()
    {
        (Preference[] rows, DataReport report) = TestRows.Read("""
            {"prompt": "p", "completion": "1", "label": true}
            {"prompt": "q", "completion": "2", "label": false}
            {"prompt": "p", "completion": "3", "label": true}
            {"prompt": "p", "completion": "4", "label": false}
            {"prompt": "p", "completion": " ", "label": false}
            """, DataReader.ReadPreferences);
        Assert.Equal(("1", "4"), (rows.Single().Chosen, rows.Single().Rejected));
        Assert.Equal("rows.json: 5 rows, 2 kept, 3 dropped (empty_answer 1, no_counterpart 2); layout: " + LabelledAnswers.LayoutName,
            report.ToString());
    }

    [Fact]
    public void Labelled_answers_can_be_read_one_by_one_and_pairs_give_two()
    {
        static IEnumerable<LabelledAnswer> Read(string path, DataReport report) =>
            DataReader.ReadLabelled(path, report, [], ColumnNames.AsTheyAre);
        (LabelledAnswer[] rows, DataReport report) = TestRows.Read("""
            {"prompt": "p", "completion": "1", "label": true}
            {"prompt": "q", "completion": "2", "label": false}
            {"prompt": "p", "completion": " ", "label": false}
            """, Read);
        Assert.Equal([("p", "1", true), ("q", "2", false)], rows.Select(r => (r.Prompt[0].Content, r.Answer, r.Good)));
        Assert.Equal("rows.json: 3 rows, 2 kept, 1 dropped (empty_answer 1); layout: labelled answers", report.ToString());
        (rows, _) = TestRows.Read("""{"prompt": "p", "chosen": "1", "rejected": "2"}""", Read);
        Assert.Equal([("p", "1", true), ("p", "2", false)], rows.Select(r => (r.Prompt[0].Content, r.Answer, r.Good)));
    }

    [Fact]
    public void Columns_of_any_names_are_read_by_those_that_are_given()
    {
        string path = Write("rows.csv", """{"q": "the question", "good": "yes", "bad": "no", "prompt": "something else", "score": "1"}""");
        ColumnNames names = ColumnNames.Parse(["prompt=q", "chosen=good", "rejected=bad", "chosen_score = score"]);
        Preference row = Assert.Single(DataReader.ReadPreferences(path, new DataReport("x"), [], names));
        Assert.Equal(("the question", "yes", "no", 1.0), (row.Prompt[0].Content, row.Chosen, row.Rejected, row.ChosenScore));
        Assert.Contains("there is no column `answer` to be read as `rejected`", Assert.Throws<InputException>(() =>
            DataReader.ReadPreferences(path, new DataReport("x"), [], ColumnNames.Parse(["rejected=answer"])).Count()).Message,
            StringComparison.Ordinal);
        Assert.Throws<InputException>(() => ColumnNames.Parse(["prompt"]));
        Assert.Throws<InputException>(() => ColumnNames.Parse(["prompt=a", "prompt=b"]));
    }

    [Theory]
    [InlineData("a,b\n1,2,3\n", "rows.csv:2: the row has 3 cells, the header 2")]
    [InlineData("a,a\n1,2\n", "rows.csv:1: the header names `a` twice")]
    [InlineData("", "rows.csv: the file is empty")]
    [InlineData("prompt\n", "rows.csv: the file has no rows")]
    public void A_csv_file_with_a_fault_is_named(string text, string message)
    {
        File.WriteAllText(_folder.File("rows.csv"), text);
        Assert.Contains(message, Assert.Throws<InputException>(() =>
            DataReader.ReadPrompts(_folder.File("rows.csv"), new DataReport("x")).Count()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.json.gz")]
    [InlineData("rows.csv")]
    [InlineData("rows.txt")]
    [InlineData("rows.parquet")]
    public void A_pointer_of_Git_LFS_is_named_as_what_it_is(string file)
    {
        File.WriteAllText(_folder.File(file),
            $"version https://git-lfs.github.com/spec/v1\noid sha256:{new string('a', 64)}\nsize 12345\n");
        Assert.Contains("this is a pointer of Git LFS, not the file itself", Assert.Throws<InputException>(() =>
            DataReader.ReadSft(_folder.File(file), new DataReport("x")).Count()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rows.jsonl")]
    [InlineData("rows.csv")]
    [InlineData("rows.txt")]
    public void A_file_in_utf16_is_named_as_what_it_is(string file)
    {
        foreach (Encoding encoding in new[] { Encoding.Unicode, Encoding.BigEndianUnicode })
        {
            File.WriteAllText(_folder.File(file), """{"prompt": "é"}""", encoding);
            Assert.Contains("the file is UTF-16, UTF-8 is expected", Assert.Throws<InputException>(() =>
                DataReader.ReadSft(_folder.File(file), new DataReport("x")).Count()).Message, StringComparison.Ordinal);
        }
    }

    private static TheoryData<string, string> Matrix(IEnumerable<string> layouts)
    {
        var matrix = new TheoryData<string, string>();
        foreach (string layout in layouts)
            foreach (string file in s_files) matrix.Add(layout, file);
        return matrix;
    }

    private string Write(string file, string rows)
    {
        JsonElement[] elements = [.. Elements(rows)];
        string text = file.Contains(".csv", StringComparison.Ordinal) ? Csv(elements)
            : file.Contains(".json.", StringComparison.Ordinal) || file.EndsWith(".json", StringComparison.Ordinal)
                ? $"[{string.Join(", ", elements.Select(e => e.GetRawText()))}]"
            : string.Join('\n', elements.Select(e => JsonNode.Parse(e.GetRawText())!.ToJsonString()));
        string path = _folder.File(file);
        using FileStream stream = File.Create(path);
        using Stream packed = file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Compress)
            : file.EndsWith(".zst", StringComparison.Ordinal) ? new CompressionStream(stream) : stream;
        packed.Write(Encoding.UTF8.GetBytes(text));
        return path;
    }

    private static List<JsonElement> Elements(string rows)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(rows), new JsonReaderOptions { AllowMultipleValues = true });
        var elements = new List<JsonElement>();
        while (reader.Read()) elements.Add(JsonElement.ParseValue(ref reader));
        return elements;
    }

    private static string Csv(JsonElement[] rows)
    {
        static string Cell(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        IEnumerable<string> lines = rows.Select(row => string.Join(',', row.EnumerateObject().Select(p => Cell(
            p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText()))));
        return string.Join("\r\n", lines.Prepend(string.Join(',', rows[0].EnumerateObject().Select(p => Cell(p.Name)))));
    }
}
