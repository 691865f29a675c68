using System.Text.Json.Nodes;
using Hone.Workflow.World;

namespace Hone.Cli.Tests;

public sealed class DataVerbTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly string _model;

    public DataVerbTests()
    {
        _model = _folder.File("model");
        WorldTokenizer.Write(_model); // no weights
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_are_shown_in_brackets_where_there_is_no_terminal()
    {
        Result result = Command.Done("data", "inspect", Rows.Conversations(_folder.File("rows.jsonl")), "--model", _model, "--rows", "1");
        Assert.Contains("rows of sft by their columns", result.Error, StringComparison.Ordinal);
        Assert.Contains("row 1: kept", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("row 2", result.Out, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Out);
        string shown = result.Out.Split('\n').Single(line => line.Contains("[.]", StringComparison.Ordinal));
        Assert.StartsWith($"{WorldTokenizer.BeginOfText}|{WorldTokenizer.User}", shown, StringComparison.Ordinal);
        Assert.EndsWith($"[.][{WorldTokenizer.End}]", shown.TrimEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Flags_change_the_lengths_and_the_dropped_rows_are_counted()
    {
        string file = Rows.Preferences(_folder.File("rows.jsonl"));
        JsonNode asTrained = Command.Done("data", "inspect", file, "--model", _model, "--json").Json;
        Assert.Equal("preferences", (string?)asTrained["kind"]);
        Assert.Equal(["reward", "offline_dpo"], asTrained["stages"]!.AsArray().Select(s => (string?)s!["stage"]));
        Assert.All(asTrained["stages"]!.AsArray(), s => Assert.Equal(Rows.Count, (int)s!["kept"]!));
        int longest = (int)asTrained["lengths"]!["prompt and longer answer"]!["max"]!;
        JsonNode shorter = Command.Done("data", "inspect", file, "--model", _model,
            "--json", "--max-length", $"{longest - 1}").Json["stages"]![0]!;
        Assert.Equal(Rows.Count, (int)shorter["kept"]! + (int)shorter["dropped"]!["too_long"]!);
        Assert.True((int)shorter["kept"]! < Rows.Count);
        JsonNode cut = Command.Done("data", "inspect", file, "--model", _model, "--json",
            "--max-length", $"{longest - 1}", "--truncation", "keep_end_of_prompt").Json["stages"]![0]!;
        Assert.Equal((Rows.Count, (int)shorter["dropped"]!["too_long"]!), ((int)cut["kept"]!, (int)cut["changed"]!["prompt_start_cut"]!));
    }

    [Fact]
    public void A_row_copied_from_an_evaluation_set_is_found()
    {
        const string Item = "How many apples are left in the basket after Tom has eaten three of the twelve?";
        File.WriteAllText(_folder.File("test.csv"), $"question,answer\n\"{Item}\",nine\n");
        string file = Rows.Write(_folder.File("rows.jsonl"),
            i => new JsonObject { ["prompt"] = i == 4 ? Item : $"Question {i} about pears, please?" });
        JsonNode overlap = Command.Done("data", "inspect", file, "--model", _model,
            "--json", "--eval", _folder.File("test.csv")).Json["overlap"]!;
        Assert.Equal((1, 1, 1), ((int)overlap["items"]!, (int)overlap["rows_overlapping"]!, overlap["listed"]!.AsArray().Count));
        Assert.Equal((5, 1.0), ((int)overlap["listed"]![0]!["row"]!, (double)overlap["listed"]![0]!["coverage"]!));
    }

    [Fact]
    public void One_row_a_page_and_repeated_rows()
    {
        string file =
            Rows.Write(_folder.File("rows.jsonl"), i => new JsonObject { ["text"] = i < 22 ? $"Text number {i}." : "text NUMBER 3" });
        Result result = Command.Done("data", "inspect", file, "--model", _model, "--row", "4", "--html", _folder.File("page.html"));
        Assert.Contains("row 4: kept", result.Out, StringComparison.Ordinal);
        Assert.Contains("row 23 repeats row 4", result.Out, StringComparison.Ordinal);
        Assert.Contains("2 of 24 rows repeat an earlier row (8.3 %)", result.Out, StringComparison.Ordinal);
        Assert.Contains("Row 4", File.ReadAllText(_folder.File("page.html")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("corpora/hh-rlhf-harmless-base-test.jsonl.gz", "tokenizers/llama3-hf", "preferences", 2312, 4)]
    [InlineData("corpora/code_alpaca_2k.json", "tokenizers/llama3-hf", "sft", 2017, 2)]
    [InlineData("corpora/tinystories_sample.txt", "models/tinystories-656k-hf", "sft", 5, 0)]
    public void Real_files_with_real_tokenizers(string file, string model, string kind, int rows, int emptyAnswers)
    {
        List<string> args = ["data", "inspect", SharedData.Require(file), "--model", SharedData.Require(model), "--rows", "0", "--json"];
        if (model.StartsWith("tokenizers", StringComparison.Ordinal))
            args.AddRange(["--template", SharedData.Require("chat_templates/meta-llama-Llama-3.1-8B-Instruct.jinja")]);
        JsonNode seen = Command.Done([.. args]).Json;
        Assert.Equal(kind, (string?)seen["kind"]);
        JsonNode read = seen["files"]![0]!["read"]!;
        Assert.Equal((rows, rows - emptyAnswers, emptyAnswers),
            ((int)read["rows"]!, (int)read["kept"]!, (int?)read["dropped"]!["empty_answer"] ?? 0));
        Assert.Equal(rows - emptyAnswers, (int)seen["stages"]![0]!["kept"]!);
        Assert.Equal(0, (int)seen["refused"]!);
        // This vocabulary has no curly quotes, with which the stories are full.
        if (model.Contains("tinystories", StringComparison.Ordinal)) Assert.True((long)seen["tokens_unknown"]! > 0);
    }

    [Theory]
    [InlineData("there is no such file", "none.jsonl")]
    [InlineData("row 25 is not there", "rows.jsonl", "--row", "25")]
    [InlineData("--row is 0", "rows.jsonl", "--row", "0")]
    [InlineData("--ngram is 7, it must be 8 to 50", "rows.jsonl", "--ngram", "7")]
    [InlineData("no such file", "rows.jsonl", "--eval", "none.jsonl")]
    [InlineData("prompt limit below", "rows.jsonl", "--truncation", "faithful")]
    [InlineData("'other' not recognized", "rows.jsonl", "--kind", "other")]
    [InlineData("no known layout of conversations", "rows.jsonl", "--kind", "sft")]
    public void What_cannot_be_done_is_told(string message, string file, params string[] flags)
    {
        Rows.Preferences(_folder.File("rows.jsonl"));
        Assert.Contains(message, Command.Refused(["data", "inspect", _folder.File(file), "--model", _model, .. flags]),
            StringComparison.Ordinal);
    }
}
