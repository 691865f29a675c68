using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

public sealed class Gsm8kTests
{
    /// <summary>OpenAI's own labels of the solutions of two systems.</summary>
    [Theory]
    [InlineData("6b_finetuning", 286)]
    [InlineData("175b_finetuning", 458)]
    public void Labels_of_openai_are_reproduced(string system, int correct)
    {
        int agree = 0, right = 0, rows = 0;
        foreach (string line in File.ReadLines(SharedData.Require("eval/expected/gsm8k/example_model_solutions.jsonl")))
        {
            JsonNode row = JsonNode.Parse(line)!;
            bool equal =
                Gsm8k.Clean(Gsm8k.Flexible((string)row[system]!["solution"]!)) == Gsm8k.Clean(Gsm8k.Flexible((string)row["ground_truth"]!));
            rows++;
            if (equal) right++;
            if (equal == (bool)row[system]!["is_correct"]!) agree++;
        }
        Assert.Equal((1319, 1319, correct), (rows, agree, right));
    }

    [Fact]
    public void Stored_solutions_are_scored_in_each_layout()
    {
        Gsm8kSamples[] systems = [.. Gsm8kSamples.OfFile(SharedData.Require("eval/expected/gsm8k/example_model_solutions.jsonl"), null)];
        Assert.Equal([new("6b_finetuning", 1319, 0, 286, (1319, 1319)), new("175b_finetuning", 1319, 0, 458, (1319, 1319))], systems);
        using TempFolder folder = new();
        File.WriteAllLines(folder.File("a.jsonl"),
        [
            """{"resps": [["6 * 3 = 18\n#### 18"]], "target": "so\n#### 18", "doc": {"answer": "#### 18"}}""",
            """{"completion": "it is 1,000", "answer": "#### 1000"}""", """{"question": "two?", "solution": "#### 3"}""",
        ]);
        File.WriteAllText(folder.File("test.jsonl"), """{"question": "two?", "answer": "#### 2"}""");
        Assert.Equal(new Gsm8kSamples("gsm8k", 3, 1, 2, (0, 0)),
            Gsm8kSamples.OfFile(folder.File("a.jsonl"), folder.File("test.jsonl")).Single());
        Assert.Contains("a.jsonl: row 3: no answer is known",
            Assert.Throws<InputException>(() => Gsm8kSamples.OfFile(folder.File("a.jsonl"), null)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("so it is\n#### 1,234.", "1,234.", "1,234.")]
    [InlineData("It costs $18", "[invalid]", "$18")]
    [InlineData("5", "[invalid]", "5")]
    [InlineData("no number", "[invalid]", "[invalid]")]
    [InlineData("#### -3 and then 4.50", "-3", "4.50")]
    public void Both_filters_take_what_the_harness_takes(string answer, string strict, string flexible)
    {
        Assert.Equal(strict, Gsm8k.Strict(answer, Gsm8k.StrictAnswer()));
        Assert.Equal(flexible, Gsm8k.Flexible(answer));
    }

    [Theory]
    [InlineData("5 and 6 make\n#### 1,234", "1234")]
    [InlineData("$18.", "18")]
    [InlineData("A", "a")]
    public void Both_sides_are_cleaned_alike(string text, string clean) => Assert.Equal(clean, Gsm8k.Clean(text));
}
