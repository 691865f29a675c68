namespace Hone.Data.Tests;

/// <summary>What becomes of published files of every layout: rows read, kept and dropped, or why the file is refused.</summary>
public class PublishedCorporaTests
{
    [Theory]
    [InlineData("llama-factory/alpaca_en_demo.json", "999 rows, 999 kept, 0 dropped; layout: Alpaca")]
    [InlineData("llama-factory/identity.json", "91 rows, 91 kept, 0 dropped; layout: Alpaca")]
    [InlineData("llama-factory/kto_en_demo.json", "300 rows, 150 kept, 150 dropped (labelled_bad 150); layout: messages")]
    [InlineData("torchtune/alpaca_tiny.json", "100 rows, 100 kept, 0 dropped; layout: Alpaca; columns not used: text")]
    [InlineData("torchtune/chat_tiny.json", "1 rows, 1 kept, 0 dropped; layout: ShareGPT")]
    [InlineData("tinystories_sample.txt", "5 rows, 5 kept, 0 dropped; layout: plain text")]
    [InlineData("llama-factory/dpo_en_demo.json",
        ":2: no known layout of conversations has the columns `conversations`, `chosen`, `rejected`")]
    [InlineData("hh-rlhf-harmless-base-test.jsonl.gz", ":1: no known layout of conversations has the columns `chosen`, `rejected`")]
    [InlineData("torchtune/instruct_tiny.json", ":2: column `output` is missing; the row has the columns `instruction`, `response`")]
    [InlineData("oasst_en_100_tree.jsonl",
        ":1: no known layout of conversations has the columns `message_tree_id`, `tree_state`, `prompt`")]
    [InlineData("oasst_en_100_message.jsonl",
        ":1: no known layout of conversations has the columns `message_id`, `parent_id`, `text`, `role`, ")]
    [InlineData("self_instruct_seed_tasks.jsonl",
        ":1: column `output` is missing; the row has the columns `id`, `name`, `instruction`, `instances`, `is_classification`")]
    public void As_conversations(string file, string outcome) => Check(file, outcome, DataReader.ReadSft);

    [Theory]
    [InlineData("llama-factory/dpo_en_demo.json", "300 rows, 300 kept, 0 dropped; layout: preferences as ShareGPT conversations")]
    [InlineData("hh-rlhf-harmless-base-test.jsonl.gz",
        "2312 rows, 2308 kept, 4 dropped (empty_answer 4); layout: preferences as hh-rlhf transcripts")]
    [InlineData("torchtune/hh_rlhf_tiny.json", "1 rows, 1 kept, 0 dropped; layout: preferences as message lists")]
    [InlineData("torchtune/stack_exchange_paired_tiny.json", "25 rows, 25 kept, 0 dropped; layout: preferences as Stack Exchange pairs")]
    [InlineData("tinystories_sample.txt", ": a text file cannot hold preferences\n  Use JSONL, a JSON array, CSV or Parquet.")]
    public void As_preferences(string file, string outcome) => Check(file, outcome, DataReader.ReadPreferences);

    [Theory]
    [InlineData("llama-factory/kto_en_demo.json",
        "300 rows, 300 kept, 0 dropped; changed (answer_left_out 300); layout: prompts as messages")]
    [InlineData("oasst_en_100_tree.jsonl", ":1: no known layout of prompts has the columns `message_tree_id`, `tree_state`, `prompt`")]
    [InlineData("user_oriented_instructions.jsonl",
        ":1: no known layout of prompts has the columns `id`, `motivation_app`, `instruction`, `instances`")]
    public void As_prompts(string file, string outcome) => Check(file, outcome, DataReader.ReadPrompts);

    /// <summary>Labelled answers are paired where two have the same prompt; of 300 rows two have.</summary>
    [Fact]
    public void Labelled_answers_as_preferences()
    {
        DataReport report = new("x");
        Assert.Single(DataReader.ReadPreferences(SharedData.Require("corpora/llama-factory/kto_en_demo.json"), report));
        Assert.Equal("x: 300 rows, 2 kept, 298 dropped (no_counterpart 298); layout: " + LabelledAnswers.LayoutName, report.ToString());
    }

    /// <summary>The rows of the RLHFlow pipeline: prompts, samples with and without rewards, and the one object of May 2024.</summary>
    [Fact]
    public void Files_of_the_rlhflow_pipeline()
    {
        const string Prompts = """{"dataset":"d","context":"q","context_messages":[{"content":"q","role":"user"}],"id":"1"}""";
        Assert.Equal("rows.json: 1 rows, 1 kept, 0 dropped; layout: prompts as context_messages; columns not used: dataset, context, id",
            TestRows.Read(Prompts, DataReader.ReadPrompts).Report.ToString());

        const string Samples = """{"prompt":[{"role":"user","content":"q"}],"responses":["a","b"],"rewards":[0.5,-1]}""";
        Assert.Equal([0.5, -1], Assert.Single(TestRows.Read(Samples, (path, _) => RowFile.ReadSamples(path)).Rows).Rewards!);
        Assert.Equal("q", Assert.Single(TestRows.Read(Samples, DataReader.ReadPrompts).Rows).Messages[0].Content);

        const string Old = """{"type":"text_only","instances":[{"prompt":"<|user|>q","responses":["a","b"]}]}""";
        InputException e = TestRows.Refused(Old, (path, _) => RowFile.ReadSamples(path));
        Assert.EndsWith("rows.json:1: column `prompt` is missing\n  The row has the columns `type`, `instances`.", e.Message);
    }

    private static void Check<T>(string file, string outcome, Func<string, DataReport, IEnumerable<T>> read)
    {
        string path = SharedData.Require($"corpora/{file}");
        DataReport report = new("x");
        if (outcome[0] != ':')
        {
            int rows = read(path, report).Count();
            Assert.Equal(report.Kept, rows);
            Assert.Equal($"x: {outcome}", report.ToString());
        }
        else Assert.StartsWith(path + outcome, Assert.Throws<InputException>(() => read(path, report).Count()).Message);
    }
}
