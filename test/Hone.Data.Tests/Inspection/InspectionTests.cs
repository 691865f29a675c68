using CsCheck;

namespace Hone.Data.Tests;

public sealed class InspectionTests
{
    private const string Question = "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many?";

    [Fact]
    public void Thirteen_words_in_a_row_are_an_overlap_whatever_case_and_punctuation()
    {
        var overlap = new NgramOverlap();
        overlap.Add("test:1", Question);
        overlap.Add("test:2", "Too short to look for");
        overlap.Add("test:3", "exactly nine words that are looked for as whole");
        Assert.Equal("test:1", overlap.Find("So: NATALIA sold clips -- to 48 of her friends in april; and then she said no."));
        Assert.Null(overlap.Find("Natalia sold clips to 48 of her friends in April, and thus she"));
        Assert.Equal("test:3", overlap.Find("here are exactly nine words that are looked for, as whole sentences"));
        Assert.Equal((2, 1), (overlap.Texts, overlap.TooShort));
    }

    [Fact]
    public void Overlap_is_that_of_a_slow_search()
    {
        Gen<string> text = Gen.Int[0, 3].Array[0, 30].Select(words => string.Join(' ', words.Select(w => $"w{w}")));
        Gen.Select(text.Array[1, 3], text).Sample((questions, row) =>
        {
            var overlap = new NgramOverlap(8);
            foreach (string q in questions) overlap.Add("q", q);
            bool slow = questions.Where(q => q.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length >= 8).Any(q =>
            {
                string[] words = q.Split(' ');
                return Enumerable.Range(0, words.Length - 7).Any(i => $" {row} ".Contains($" {string.Join(' ', words[i..(i + 8)])} ", StringComparison.Ordinal));
            });
            Assert.Equal(slow, overlap.Find(row) is not null);
        }, iter: 3000);
    }

    [Fact]
    public void Question_files_of_every_kind_are_read()
    {
        using TempFolder folder = new();
        Directory.CreateDirectory(folder.File("a"));
        File.WriteAllText(folder.File("a/q.jsonl"), "{\"question\": \"one\", \"choices\": {\"text\": [\"two\", \"three\"]}, \"n\": 4}\n");
        File.WriteAllText(folder.File("b.csv"), "four,five\nsix\n");
        File.WriteAllText(folder.File("notes.md"), "not a question");
        Assert.Equal([("q.jsonl:1", "one"), ("q.jsonl:1", "two"), ("q.jsonl:1", "three"), ("b.csv:1", "four,five"), ("b.csv:2", "six")], EvaluationTexts.Read(folder.Path));
        Assert.Throws<InputException>(() => EvaluationTexts.Read(folder.File("nowhere")).Count());
    }

    [Fact]
    public void Gsm8k_training_and_test_questions_do_not_overlap_and_a_copied_one_is_found()
    {
        var overlap = new NgramOverlap();
        string[] test = [.. File.ReadLines(SharedData.Require("eval/gsm8k/test.jsonl")).Select(l => System.Text.Json.Nodes.JsonNode.Parse(l)!["question"]!.ToString())];
        for (int i = 0; i < test.Length; i++) overlap.Add($"test:{i}", test[i]);
        string[] train = [.. File.ReadLines(SharedData.Require("eval/gsm8k/train.jsonl")).Select(l => System.Text.Json.Nodes.JsonNode.Parse(l)!["question"]!.ToString())];
        // The public pair of files shares phrases ("how much money did she have left after ..."), in very few rows.
        Assert.InRange(train.Count(t => overlap.Find(t) is not null), 1, train.Length / 100);
        Assert.Equal("test:7", overlap.Find($"Please solve. {test[7]} Thanks!"));
    }

    [Fact]
    public void Duplicates_are_counted_whatever_case_and_white_space()
    {
        var counter = new DuplicateCounter();
        Assert.Equal([false, true, false, true], new[] { "A text ", "a\n\ttext", "another", " ANOTHER" }.Select(counter.Add));
        Assert.Equal((4, 2), (counter.Texts, counter.Duplicates));
    }

    [Fact]
    public void Quantiles_and_bins_are_those_of_the_sorted_list()
    {
        Gen.Int[0, 5000].Array[1, 200].Sample(lengths =>
        {
            var histogram = new LengthHistogram();
            foreach (int length in lengths) histogram.Add(length);
            int[] sorted = [.. lengths.Order()];
            foreach (double share in new[] { 0.01, 0.5, 0.95, 1 }) Assert.Equal(sorted[(int)Math.Ceiling(share * sorted.Length) - 1], histogram.Quantile(share));
            Assert.Equal((sorted.Length, sorted.Sum(), sorted[^1]), ((int)histogram.Count, (int)histogram.Tokens, histogram.Most));
            var bins = histogram.Bins();
            Assert.InRange(bins.Count, 1, 12);
            Assert.All(bins, b => Assert.Equal(lengths.Count(l => l >= b.From && l < b.To), b.Count));
            Assert.Equal(lengths.Length, bins.Sum(b => b.Count));
        }, iter: 500);
    }
}
