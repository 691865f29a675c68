using System.Globalization;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

public sealed class MtBenchTests
{
    private const string Folder = "eval/expected/mt_bench";
    private static readonly string[] s_files = ["jxiw_MambaInLlama_gpt-4_single.jsonl.gz", "alvarobartt_gpt-4_single.jsonl.gz",
        "dreaming-panda_gpt-4_single.jsonl.gz"];

    [Fact]
    public void Every_published_score_is_exact()
    {
        Dictionary<string, string[]> expected = TestFiles.Csv(SharedData.Require($"{Folder}/scores.csv")).Skip(1).ToDictionary(r => r[4]);
        MtBenchScore[] scores = [.. s_files.SelectMany(f => MtBenchScore.OfFile(SharedData.Require($"{Folder}/{f}")))];
        Assert.Equal(12, scores.Length);
        foreach (MtBenchScore score in scores)
        {
            string[] row = expected[score.Model];
            double Figure(int i) => double.Parse(row[i], CultureInfo.InvariantCulture);
            Assert.Equal(((int)Figure(5), (int)Figure(6)), (score.Valid + score.Excluded, score.Valid));
            Assert.Equal((Figure(7), Figure(8), Figure(9)), (score.Turn1!.Value, score.Turn2!.Value, score.Average!.Value),
                (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) + Math.Abs(a.Item3 - b.Item3) < 1e-9);
        }
    }

    [Fact]
    public void Every_stored_judgment_is_parsed_to_its_stored_score()
    {
        int rows = 0;
        foreach (string file in s_files)
        {
            foreach (JsonObject row in QuestionFile.Read(SharedData.Require($"{Folder}/{file}")))
            {
                Assert.Equal((double)row["score"]!, GradeVerdict.Read((string)row["judgment"]!).Upstream ?? -1);
                rows++;
            }
        }
        Assert.Equal(960 + 800 + 330, rows);
    }

    [Theory]
    [InlineData("Rating: [[7.5]] and [[3]]", 7.5)]
    [InlineData("Rating: [8]", 8)]
    [InlineData("Rating: [[eight]]", -1)]
    [InlineData("$ERROR$", -1)]
    [InlineData("", -1)]
    public void Scores_are_taken_as_fastchat_takes_them(string judgment, double score) =>
        Assert.Equal(score, GradeVerdict.Read(judgment).Upstream ?? -1);
}
