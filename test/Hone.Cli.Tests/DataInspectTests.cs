using System.Text.Json.Nodes;

namespace Hone.Cli.Tests;

public sealed class DataInspectTests : IDisposable
{
    private readonly TempFolder _folder = new();

    [Fact]
    public void Rows_are_shown_as_they_are_trained_on()
    {
        string model = Model();
        File.WriteAllText(_folder.File("rows.jsonl"), """
            {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello you"}]}
            {"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello  YOU"}]}
            {"messages": [{"role": "user", "content": "A question that is long enough to be cut"}, {"role": "assistant", "content": ""}]}
            """);
        Result shown = Command.Done("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--rows", "1");
        Assert.Contains("row 1: kept\nconversation:", shown.Out, StringComparison.Ordinal);
        Assert.Contains("[[Hello you<|im_end|>]]", shown.Out, StringComparison.Ordinal);
        Assert.Contains("1 dropped (empty_answer 1)", shown.Out, StringComparison.Ordinal);
        Assert.Contains("duplicates: 1 of 2 rows (50.00%)", shown.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("row 2:", shown.Out, StringComparison.Ordinal);
        Assert.Contains("row 2: kept, a duplicate", Command.Done("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--row", "2").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void What_would_be_dropped_or_cut_is_said_and_counted()
    {
        string model = Model();
        File.WriteAllText(_folder.File("pairs.jsonl"), $$"""
            {"prompt": "Hi", "chosen": "Yes", "rejected": "No"}
            {"prompt": "{{new string('x', 400)}}", "chosen": "Yes", "rejected": "No"}
            """);
        Result drop = Command.Done("data", "inspect", _folder.File("pairs.jsonl"), "--model", model, "--max-length", "60", "--max-prompt-length", "40");
        Assert.Contains("row 2: dropped: prompt_too_long", drop.Out, StringComparison.Ordinal);
        Result cut = Command.Done("data", "inspect", _folder.File("pairs.jsonl"), "--model", model, "--max-length", "60", "--max-prompt-length", "40", "--truncation", "faithful", "--json");
        Assert.Equal(1, (int)cut.Json["files"]!.AsArray().Single(f => (string?)f!["source"] == "lengths")!["changed"]!["prompt_start_cut"]!);
        Assert.Equal("preferences", (string?)cut.Json["kind"]);
        Assert.Equal(4, (int)cut.Json["sequences"]!);
    }

    [Fact]
    public void Overlap_with_question_files_is_found()
    {
        string model = Model();
        File.WriteAllText(_folder.File("rows.jsonl"), """
            {"prompt": "Tell me about the weather in the town that we talked about when you came"}
            {"prompt": "Answer: a train leaves the station at noon and runs with sixty miles an hour to the sea"}
            """);
        File.WriteAllText(_folder.File("test.jsonl"), """{"question": "A train leaves the station at noon and runs with sixty miles an hour. When?"}""");
        JsonNode json = Command.Done("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--eval", _folder.File("test.jsonl"), "--json").Json;
        Assert.Equal((1, 1), ((int)json["overlapping"]!, (int)json["evaluation_texts"]!));
        Assert.Equal((2, "test.jsonl:1"), ((int)json["overlaps"]![0]!["row"]!, (string?)json["overlaps"]![0]!["with"]));
    }

    [Fact]
    public void A_file_of_no_known_layout_and_wrong_flags_are_refused()
    {
        string model = Model();
        File.WriteAllText(_folder.File("rows.jsonl"), """{"question": "a", "answer": "b"}""");
        Assert.Contains("fits no known layout", Command.Refused("data", "inspect", _folder.File("rows.jsonl"), "--model", model), StringComparison.Ordinal);
        Assert.Contains("no known layout of conversations has the columns `question`, `answer`", Command.Refused("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--kind", "sft"), StringComparison.Ordinal);
        Assert.Contains("--kind is x", Command.Refused("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--kind", "x"), StringComparison.Ordinal);
        Assert.Contains("--truncation is x", Command.Refused("data", "inspect", _folder.File("rows.jsonl"), "--model", model, "--kind", "sft", "--truncation", "x"), StringComparison.Ordinal);
    }

    private static string Model() => SharedData.Require("tokenizers/minueza-32m-chat");

    public void Dispose() => _folder.Dispose();
}
