using System.Text;
using CsCheck;
using Hone.Text;

namespace Hone.Data.Tests;

public class RowFileTests
{
    private static readonly SampleRow s_full = new(
        [TestRows.User("Grüße,\n\"du\" 😀 <b>")], ["ja", "nein"], [[5, 2], [6, 7, 2]], [[-0.1f, -1e-7f], [-2f, -3.4028235e38f, 0f]],
        ["stop", "length"], ulong.MaxValue, [1, 3], [0.1, -1.0 / 3]);

    [Fact]
    public void Column_names_and_bytes_are_fixed()
    {
        using MemoryStream stream = new();
        RowFile.Write(stream, [s_full, new SampleRow([TestRows.User("q")], ["a"])]);
        RowFile.Write(stream, [new PairRow([TestRows.User("q")], "a", "b", [1], [2], [3], 1.5, -1, 2.5, -10.25, -11)]);
        string[] lines = Encoding.UTF8.GetString(stream.ToArray()).Split('\n');
        Assert.StartsWith(
            "{\"prompt\":[{\"role\":\"user\",\"content\":\"Grüße,\\n\\\"du\\\" ", lines[0]);
        Assert.EndsWith(
            "<b>\"}],\"responses\":[\"ja\",\"nein\"],\"response_ids\":[[5,2],[6,7,2]],\"logprobs\":[[-0.1,-1E-07],[-2,-3.4028235E+38,0]],"
            + "\"finish_reasons\":[\"stop\",\"length\"],\"seed\":18446744073709551615,"
            + "\"prompt_ids\":[1,3],\"rewards\":[0.1,-0.3333333333333333]}",
            lines[0]);
        Assert.Equal("""{"prompt":[{"role":"user","content":"q"}],"responses":["a"]}""", lines[1]);
        Assert.Equal(
            """{"prompt":[{"role":"user","content":"q"}],"chosen":"a","rejected":"b","prompt_ids":[1],"chosen_ids":[2],"rejected_ids":[3]"""
            + ""","reward_chosen":1.5,"reward_rejected":-1,"margin":2.5,"reference_chosen_logp":-10.25,"reference_rejected_logp":-11}""",
            lines[2]);
        Assert.Equal("", lines[3]);
    }

    [Fact]
    public void Samples_read_back_equal()
    {
        using TempFolder folder = new();
        string path = folder.File("samples.jsonl");
        Gen<string> text = Gen.Char[' ', '\uD7FF'].Array[0, 8].Select(c => new string(c));
        Gen<SampleRow> rows = Gen.Select(text, Gen.Float.Where(float.IsFinite).Array[3], Gen.Double.Where(double.IsFinite),
            Gen.ULong, Gen.Int.Array[3],
            (t, logprobs, reward, seed, ids) => new SampleRow([TestRows.User(t)], [t], [ids], [logprobs], ["stop"], seed, ids, [reward]));
        rows.Array[200].Sample(written =>
        {
            RowFile.Write(path, written);
            foreach ((SampleRow row, SampleRow read) in written.Zip(RowFile.ReadSamples(path)))
            {
                Assert.Equal(row.Prompt, read.Prompt);
                Assert.Equal(row.Responses, read.Responses);
                Assert.Equal(row.ResponseIds, read.ResponseIds);
                Assert.Equal(Bits(row.Logprobs!), Bits(read.Logprobs!));
                Assert.Equal(BitConverter.DoubleToUInt64Bits(row.Rewards![0]), BitConverter.DoubleToUInt64Bits(read.Rewards![0]));
                Assert.Equal(row.Seed, read.Seed);
                Assert.Equal(row.PromptIds, read.PromptIds);
            }
        }, iter: 3, threads: 1);

        static IEnumerable<uint> Bits(float[][] values) => values[0].Select(BitConverter.SingleToUInt32Bits);
    }

    [Fact]
    public void Pairs_read_back_equal()
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.jsonl");
        PairRow[] rows =
        [
            new([TestRows.User("q")], "a", "b", [2, 1], [3], [5, 4], 0.1, Math.PI, -1e-300, null, -5),
            new([ChatMessage.System("s"), TestRows.User("q")], "a", "b"),
        ];
        RowFile.Write(path, rows);
        PairRow[] read = [.. RowFile.ReadPairs(path)];
        Assert.Equal(2, read.Length);
        Assert.Equal(rows[0].Prompt, read[0].Prompt);
        Assert.Equal([2, 1], read[0].PromptIds!);
        Assert.Equal([3], read[0].ChosenIds!);
        Assert.Equal([5, 4], read[0].RejectedIds!);
        // Records compare all other columns; the lists, which compare by reference, are taken over.
        Assert.Equal(
            rows[0],
            read[0] with
            {
                Prompt = rows[0].Prompt,
                PromptIds = rows[0].PromptIds,
                ChosenIds = rows[0].ChosenIds,
                RejectedIds = rows[0].RejectedIds,
            });
        Assert.Equal(rows[1], read[1] with { Prompt = rows[1].Prompt });
        Assert.Equal(["system", "user"], read[1].Prompt.Select(m => m.Role));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Files_of_the_public_pipeline_are_read()
    {
        using TempFolder folder = new();
        string path = folder.File("OUT0.json");
        File.WriteAllText(path, """
            {"prompt": [{"content": "q", "role": "user"}], "responses": ["a", "b"], "rewards": [1, -2.5]}
            {"prompt": [{"content": "q", "role": "user"}], "responses": ["a", "b", "c"], "extra": {}}
            """);
        SampleRow[] rows = [.. RowFile.ReadSamples(path)];
        Assert.Equal([1, -2.5], rows[0].Rewards!);
        Assert.Equal([2, 3], rows.Select(r => r.Count));
        Assert.Null(rows[1].Rewards);
    }

    [Theory]
    [InlineData("""{"responses": ["a"]}""", "column `prompt` is missing")]
    [InlineData("""{"prompt": [], "responses": null}""", "column `responses` is null")]
    [InlineData("""{"prompt": "q", "responses": ["a"]}""", "does not have the columns of SampleRow at $.prompt")]
    [InlineData("""{"prompt": [], "responses": ["a"], "response_ids": [["x"]]}""", "at $.response_ids[0]")]
    [InlineData("""{"prompt": [], "responses": ["a", "b"], "rewards": [1]}""", "2 responses but 1 rewards")]
    [InlineData("""{"prompt": [], "responses": ["a"], "finish_reasons": []}""", "1 responses but 0 finish_reasons")]
    [InlineData("""{"prompt": [], "responses": ["a"], "response_ids": [[1, 2]], "logprobs": [[0]]}""",
        "response 1 has 2 tokens but 1 logprobs")]
    [InlineData("""{"prompt": [], "responses": ["a"], "rewards": [1""", "broken JSON")]
    public void Rows_that_are_no_sample_are_errors(string row, string what)
    {
        using TempFolder folder = new();
        string path = folder.File("samples.jsonl");
        File.WriteAllText(path, row);
        InputException e = Assert.Throws<InputException>(() => RowFile.ReadSamples(path).Count());
        Assert.Contains(what, e.Message);
        Assert.Equal($"{path}:1", e.Where);
    }

    [Fact]
    public void A_pair_has_all_of_its_ids_or_none()
    {
        using TempFolder folder = new();
        string path = folder.File("pairs.jsonl");
        File.WriteAllText(path, """{"prompt": [], "chosen": "a", "rejected": "b", "prompt_ids": [1]}""");
        Assert.Contains("must be there together", Assert.Throws<InputException>(() => RowFile.ReadPairs(path).Count()).Message);
    }

    [Fact]
    public void Rows_that_fail_half_way_leave_the_old_file()
    {
        using TempFolder folder = new();
        string path = folder.File("samples.jsonl");
        RowFile.Write(path, [s_full]);
        byte[] before = File.ReadAllBytes(path);
        Assert.Throws<InvalidOperationException>(() => RowFile.Write(path, Failing()));
        Assert.Equal(before, File.ReadAllBytes(path));

        static IEnumerable<SampleRow> Failing()
        {
            yield return s_full;
            throw new InvalidOperationException("the sampler failed");
        }
    }
}
