using System.IO.Compression;
using System.Text.Json;

namespace Hone.Data.Tests;

public class PreferenceLayoutTests
{
    private const string Lists = """
        {"chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "good"}],
         "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "bad"}],
         "chosen_score": 2.5, "rejected_score": -1}
        """;

    [Theory]
    [InlineData(Lists, "preferences as message lists")]
    [InlineData("""{"prompt": "q", "chosen": "good", "rejected": "bad"}""", "preferences as prompt and answers")]
    [InlineData("""{"prompt": [{"role": "user", "content": "q"}], "chosen": "good", "rejected": "bad"}""",
        "preferences as prompt and answers")]
    [InlineData("""
        {"prompt": "q", "chosen": [{"role": "assistant", "content": "good"}], "rejected": [{"role": "assistant", "content": "bad"}]}
        """, "preferences as message lists")]
    [InlineData("""{"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"}""",
        "preferences as hh-rlhf transcripts")]
    [InlineData("""
        {"conversations": [{"from": "human", "value": "q"}],
         "chosen": {"from": "gpt", "value": "good"}, "rejected": {"from": "gpt", "value": "bad"}}
        """, "preferences as ShareGPT conversations")]
    [InlineData("""{"question": "q", "response_j": "good", "response_k": "bad"}""", "preferences as Stack Exchange pairs")]
    public void Layouts_are_told_by_their_columns(string row, string layout)
    {
        (Preference[] rows, DataReport report) = TestRows.Read($"[{row}]", DataReader.ReadPreferences);
        Preference preference = Assert.Single(rows);
        Assert.Equal([TestRows.User("q")], preference.Prompt);
        Assert.Equal(("good", "bad"), (preference.Chosen, preference.Rejected));
        Assert.Equal(layout, report.Layout);
        Assert.Empty(report.IgnoredColumns);
    }

    [Fact]
    public void Scores_are_kept_where_the_file_has_them()
    {
        (Preference[] rows, _) = TestRows.Read($"[{Lists}]", DataReader.ReadPreferences);
        Assert.Equal((2.5, -1.0), (rows[0].ChosenScore, rows[0].RejectedScore));
        (rows, _) = TestRows.Read("""{"prompt": "q", "chosen": "good", "rejected": "bad"}""", DataReader.ReadPreferences);
        Assert.Null(rows[0].ChosenScore);
    }

    [Theory]
    [InlineData("""{"prompt": "q", "rejected": "bad"}""")]
    [InlineData("""{"prompt": "q", "chose": "good", "rejected": "bad"}""")]
    public void A_row_without_chosen_is_an_error_wherever_it_stands(string row)
    {
        InputException e = TestRows.Refused(row, DataReader.ReadPreferences);
        Assert.Contains("column `chosen` is missing", e.Message);
        Assert.EndsWith("rows.json:1", e.Where);

        e = TestRows.Refused("""{"prompt": "q", "chosen": "good", "rejected": "bad"}""" + "\n" + row, DataReader.ReadPreferences);
        Assert.Contains("column `chosen` is missing", e.Message);
        Assert.Contains("`prompt`, ", e.Message);
        Assert.EndsWith("rows.json:2", e.Where);
    }

    [Fact]
    public void Useless_pairs_are_dropped_and_counted()
    {
        (Preference[] rows, DataReport report) = TestRows.Read("""
            {"prompt": "q", "chosen": "good", "rejected": "bad"}
            {"prompt": "q", "chosen": "", "rejected": "bad"}
            {"prompt": "q", "chosen": "good", "rejected": " \n"}
            {"prompt": "q", "chosen": "same", "rejected": "same "}
            {"prompt": " ", "chosen": "good", "rejected": "bad"}
            """, DataReader.ReadPreferences);
        Assert.Single(rows);
        Assert.Equal(
            "rows.json: 5 rows, 1 kept, 4 dropped (chosen_equals_rejected 1, empty_answer 2, empty_prompt 1); layout: "
                + "preferences as prompt and answers",
            report.ToString());
    }

    [Fact]
    public void Answers_to_different_prompts_are_dropped()
    {
        (Preference[] rows, DataReport report) = TestRows.Read("""
            {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: other\n\nAssistant: bad"}
            {"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"}
            """, DataReader.ReadPreferences);
        Assert.Single(rows);
        Assert.Equal(1, report.Dropped[DropReason.PromptsDiffer]);
    }

    [Theory]
    [InlineData("""{"chosen": "good", "rejected": "bad"}""", "no common beginning that could be the prompt")]
    [InlineData("""{"chosen": "\n\nHuman: q", "rejected": "\n\nHuman: q\n\nAssistant: bad"}""", "ends with a message of the user")]
    [InlineData("""{"chosen": [], "rejected": []}""", "`chosen` has no messages")]
    [InlineData("""
        {"chosen": [{"role": "assistant", "content": "good"}], "rejected": [{"role": "assistant", "content": "bad"}]}
        """, "there is no `prompt`")]
    [InlineData("""{"prompt": "q", "chosen": "good", "rejected": "bad", "chosen_score": "high"}""", "`chosen_score` is not a number")]
    public void Rows_that_are_no_preference_are_errors(string row, string what) =>
        Assert.Contains(what, TestRows.Refused($"[{row}]", DataReader.ReadPreferences).Message);

    [Fact]
    public void A_file_of_which_nothing_can_be_used_is_an_error_with_the_reasons() =>
        Assert.Contains("none of the 1 rows can be used (empty_answer 1)",
            TestRows.Refused("""{"prompt": "q", "chosen": "", "rejected": "bad"}""", DataReader.ReadPreferences).Message);

    [Fact]
    public void A_prompt_that_appears_later_is_a_mixed_layout()
    {
        const string First = """{"chosen": "\n\nHuman: q\n\nAssistant: good", "rejected": "\n\nHuman: q\n\nAssistant: bad"}""";
        InputException e = TestRows.Refused(First + "\n" + """{"prompt": "q", "chosen": "good", "rejected": "bad"}""",
            DataReader.ReadPreferences);
        Assert.Contains("mixed layouts", e.Message);
    }

    /// <summary>
    /// All 2,312 rows of hh-rlhf harmless-base test: 4 have an empty chosen answer (lines 87, 517, 926, 1104). Five have
    /// a speaker's mark inside an answer, so that a split at the last mark would give the two answers different prompts.
    /// </summary>
    [Fact]
    public void Real_transcripts_are_all_read()
    {
        string path = SharedData.Require("corpora/hh-rlhf-harmless-base-test.jsonl.gz");
        DataReport report = new(path);
        Preference[] rows = [.. DataReader.ReadPreferences(path, report)];
        Assert.Equal((2312, 2308), (report.Read, rows.Length));
        Assert.Equal(new Dictionary<string, int> { [DropReason.EmptyAnswer] = 4 }, report.Dropped);
        // Roles alternate, beginning and ending with the user; no answer has white space at its ends.
        Assert.DoesNotContain(rows, row => row.Prompt.Count % 2 == 0);
        Assert.DoesNotContain(rows, row => row.Prompt.Where((m, i) => m.Role != (i % 2 == 0 ? "user" : "assistant")).Any());
        Assert.DoesNotContain(rows, row => row.Chosen.Trim() != row.Chosen || row.Rejected.Trim() != row.Rejected);
    }

    /// <summary>Against the plain way: the text of each transcript with marks and white space taken out.</summary>
    [Fact]
    public void Real_transcripts_lose_no_text()
    {
        string path = SharedData.Require("corpora/hh-rlhf-harmless-base-test.jsonl.gz");
        using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        List<(string, string)> expected = [];
        while (reader.ReadLine() is { } line)
        {
            using JsonDocument row = JsonDocument.Parse(line);
            string chosen = row.RootElement.GetProperty("chosen").GetString()!;
            if (chosen.TrimEnd().EndsWith("\n\nAssistant:", StringComparison.Ordinal)) continue;
            expected.Add((Squeeze(chosen), Squeeze(row.RootElement.GetProperty("rejected").GetString()!)));
        }
        IEnumerable<(string, string)> read = DataReader.ReadPreferences(path, new DataReport(path)).Select(r =>
        {
            string prompt = string.Concat(r.Prompt.Select(m => m.Content));
            return (Dense(prompt + r.Chosen), Dense(prompt + r.Rejected));
        });
        // Not Assert.Equal: its message would print the text, which is offensive.
        Assert.True(expected.SequenceEqual(read));
    }

    [Theory]
    [InlineData("corpora/llama-factory/dpo_en_demo.json", 300)]
    [InlineData("corpora/torchtune/stack_exchange_paired_tiny.json", 25)]
    [InlineData("corpora/torchtune/hh_rlhf_tiny.json", 1)]
    public void Real_files_are_read_whole(string file, int count)
    {
        string path = SharedData.Require(file);
        DataReport report = new(path);
        Preference[] rows = [.. DataReader.ReadPreferences(path, report)];
        Assert.Equal((count, count), (rows.Length, report.Read));
        Assert.All(rows, r => Assert.Equal("user", r.Prompt[^1].Role));
    }

    [Fact]
    public void A_real_system_prompt_stays_in_front()
    {
        string path = SharedData.Require("corpora/llama-factory/dpo_en_demo.json");
        Preference[] rows = [.. DataReader.ReadPreferences(path, new DataReport(path))];
        Assert.Equal(80, rows.Count(r => r.Prompt[0].Role == "system"));
        Assert.Equal(114, rows.Count(r => r.Prompt.Count == 1));
        Assert.StartsWith("That sounds like a fun and engaging idea!", rows[0].Chosen);
    }

    private static string Squeeze(string transcript) => Dense(transcript
        .Replace("\n\nHuman:", "", StringComparison.Ordinal).Replace("\n\nAssistant:", "", StringComparison.Ordinal));

    private static string Dense(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
}
