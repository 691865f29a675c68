using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;
using Hone.Text;

namespace Hone.Evaluation.Tests;

public sealed class ArenaHardTests
{
    private const string Folder = "eval/expected/arena_hard";

    [Fact]
    public void The_published_score_and_interval_are_reproduced()
    {
        IReadOnlyList<ArenaHardScore> scores =
            ArenaHardScore.OfFile(SharedData.Require($"{Folder}/battles_v0.1_gpt-4-1106-preview.jsonl.gz"));
        foreach (string[] row in TestFiles.Csv(SharedData.Require($"{Folder}/expected.csv")).Skip(1))
        {
            ArenaHardScore score = scores.Single(s => s.Model == row[0]);
            Assert.Equal(int.Parse(row[1]), score.Battles);
            Assert.Equal(double.Parse(row[2], CultureInfo.InvariantCulture), score.Score, 5e-6);
            if (row[3].Length == 0) continue;
            Assert.Equal(double.Parse(row[3], CultureInfo.InvariantCulture), score.Score, 0.005);
            Assert.Equal(double.Parse(row[4], CultureInfo.InvariantCulture), score.Lower!.Value, 0.5);
            Assert.Equal(double.Parse(row[5], CultureInfo.InvariantCulture), score.Upper!.Value, 0.5);
        }
    }

    [Fact]
    public void Token_counts_of_all_stored_answers_are_exact()
    {
        using TempFolder folder = new();
        // cl100k's split pattern is Llama-3's.
        File.Copy(SharedData.Require("tokenizers/cl100k/cl100k_base.tiktoken"), folder.File("tokenizer.model"));
        Tokenizer cl100k = Tokenizer.Load(folder.Path);
        foreach ((string file, int published) in new[] { ($"{Folder}/gpt-3.5-turbo-0125_answers_oldformat_token_len.jsonl.gz", 329),
            ("eval/arena_hard/baseline_gpt-4-0314_answers_oldformat_token_len.jsonl.gz", 423) })
        {
            int[] counts = [.. QuestionFile.Read(SharedData.Require(file)).Select(row =>
            {
                JsonNode turn = row["choices"]![0]!["turns"]![0]!;
                int count = cl100k.Encode((string)turn["content"]!).Length;
                Assert.Equal((int)turn["token_len"]!, count);
                return count;
            })];
            Assert.Equal((500, published), (counts.Length, (int)counts.Average()));
        }
    }

    [Theory]
    [InlineData("... My final verdict is [[A>B]]", "A>B", "A>B")]
    [InlineData("[[A>B]] no, [[B>>A]]", null, "B>>A")]
    [InlineData("[[A=B]] and again [[A=B]]", "A=B", "A=B")]
    [InlineData("[a>b]", null, "A>B")]
    [InlineData("no verdict", null, null)]
    public void Verdicts_are_parsed_as_then_and_as_today(string judgment, string? then, string? today)
    {
        Assert.Equal(then, ArenaVerdict.Of2024(judgment));
        Assert.Equal(today, ArenaVerdict.Today(judgment));
    }

    [Fact]
    public void Strengths_meet_the_conditions_of_the_maximum()
    {
        Gen.Double[0.5, 20].Array[16].Sample(values =>
        {
            double[,] wins = new double[4, 4];
            for (int i = 0; i < 16; i++) if (i / 4 != i % 4) wins[i / 4, i % 4] = values[i];
            double[] s = BradleyTerry.Fit(wins);
            Assert.Equal(0, s[0]);
            // Every player's wins equal the wins that the strengths expect of it.
            for (int a = 0; a < 4; a++)
            {
                double won = 0, expected = 0;
                for (int b = 0; b < 4; b++)
                {
                    if (a == b) continue;
                    won += wins[a, b];
                    expected += (wins[a, b] + wins[b, a]) / (1 + Math.Exp(s[b] - s[a]));
                }
                Assert.Equal(won, expected, 1e-6);
            }
        }, iter: 200);
        Assert.Throws<InputException>(() => BradleyTerry.Fit(new double[,] { { 0, 5 }, { 0, 0 } }));
    }
}
