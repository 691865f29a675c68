using System.Text.Json;
using CsCheck;

namespace Hone.Data.Tests;

public sealed class NgramIndexTests
{
    private const string Question = "A train leaves the station at noon and travels north at sixty miles an hour for three hours.";

    [Fact]
    public void A_row_that_holds_an_item_is_found_whatever_its_punctuation()
    {
        NgramIndex index = Index(13, Question);
        Overlap found = Assert.Single(
            index.Find(["Please solve: \"" + Question.ToUpperInvariant().Replace(" ", ",\n", StringComparison.Ordinal) + "\" Thanks."]));
        Assert.Equal(1, found.Coverage);
        Assert.Equal("a train leaves the station at noon and travels north at sixty miles", found.Words);
    }

    [Fact]
    public void Twelve_words_in_common_are_not_thirteen()
    {
        string twelve = string.Join(' ', Words.Of(Question).Take(12)), thirteen = string.Join(' ', Words.Of(Question).Take(13));
        NgramIndex index = Index(13, Question);
        Assert.Empty(index.Find([twelve + " kilometres"]));
        // The item has 18 words, so 6 n-grams.
        Assert.Equal(1.0 / 6, Assert.Single(index.Find([thirteen + " kilometres"])).Coverage, 9);
        Assert.Single(Index(8, Question).Find([twelve + " kilometres"]));
    }

    [Fact]
    public void A_run_does_not_reach_from_one_text_into_the_next()
    {
        string[] words = [.. Words.Of(Question)];
        NgramIndex index = Index(13, Question);
        Assert.Empty(index.Find([string.Join(' ', words[..9]), string.Join(' ', words[9..])]));
    }

    [Fact]
    public void A_short_item_is_looked_for_as_a_whole_from_eight_words()
    {
        NgramIndex index = Index(13, "Name the capital city of France in Europe", "What is seven times six");
        Assert.Equal((1, 1), (index.Count, index.TooShort));
        Assert.Single(index.Find(["Now: name the capital city of France in Europe!"]));
        Assert.Empty(index.Find(["Name the capital city of France"]));
        Assert.Empty(index.Find(["What is seven times six"]));
    }

    [Fact]
    public void What_more_than_ten_items_share_is_a_template_and_no_evidence()
    {
        const string Template = "Answer the following question with one of the letters A B C or D please";
        string[] own = [.. Enumerable.Range(0, 11).Select(i => string.Join(' ', Enumerable.Range(0, 13).Select(w => $"i{i}w{w}")))];
        NgramIndex eleven = Index(13, [.. own.Select(o => $"{Template}. {o}")]),
            ten = Index(13, [.. own.Take(10).Select(o => $"{Template}. {o}")]);
        Assert.Empty(eleven.Find([Template]));
        Assert.Equal(10, ten.Find([Template]).Count);
        Assert.Equal("i3w0 i3w1 i3w2 i3w3 i3w4 i3w5 i3w6 i3w7 i3w8 i3w9 i3w10 i3w11 i3w12", Assert.Single(eleven.Find([own[3]])).Words);
    }

    [Fact]
    public void Finds_what_a_plain_search_finds() =>
        Gen.Select(Texts(8, 30), Texts(8, 60)).Sample((items, rows) =>
        {
            NgramIndex index = Index(8, items);
            foreach (string row in rows)
            {
                string[] expected = [.. Plain(items, row, 8).Select(i => $"#{i}").Order()];
                Assert.Equal(expected, index.Find([row]).Select(o => o.Item.Where).Order());
            }
        }, iter: 300);

    [Fact]
    public void Gsm8k_train_and_test_share_a_few_problems_and_a_row_copied_from_the_test_set_is_found()
    {
        string folder = SharedData.Require("eval/gsm8k");
        var index = new NgramIndex();
        List<string> skipped = [];
        foreach (EvaluationItem item in EvaluationFiles.Read(folder, skipped)) index.Add(item);
        Assert.Equal("train.jsonl: `train` in its name", Assert.Single(skipped));
        Assert.Equal(1319, index.Count);

        var train = new EvaluationOverlap(index);
        int row = 0;
        foreach (string[] fields in Rows(Path.Combine(folder, "train.jsonl"))) train.Add(++row, fields);
        // Counted once by a plain program over sets of joined words: 10 rows and 9 items at n = 13, 812 and 405 at n = 8.
        Assert.Equal((7473, 10, 9), (train.RowsSeen, train.RowsHit, train.ItemsHit.Values.Sum()));
        Assert.All(train.Rows, r => Assert.True(r.Best.Coverage < 0.3));

        string[] copied = Rows(Path.Combine(folder, "test.jsonl")).ElementAt(7);
        Overlap found = index.Find([copied[0], "Some other answer."])[0];
        Assert.Equal((Path.Combine(folder, "test.jsonl") + ":8", true), (found.Item.Where, found.Coverage > 0.3));
        Assert.Empty(index.Find(Rows(Path.Combine(folder, "train.jsonl")).First()));
    }

    private static NgramIndex Index(int n, params string[] items)
    {
        var index = new NgramIndex(n);
        for (int i = 0; i < items.Length; i++) index.Add(new EvaluationItem("eval", $"#{i}", [items[i]]));
        return index;
    }

    // Few words, so that runs do repeat.
    private static Gen<string[]> Texts(int least, int most) => Gen.Int[0, 2].Array[least, most]
        .Select(w => string.Join(' ', w)).Array[1, 14];

    private static IEnumerable<int> Plain(string[] items, string row, int n)
    {
        HashSet<string> Grams(string text)
        {
            string[] words = text.Split(' ');
            return [.. Enumerable.Range(0, words.Length - n + 1).Select(i => string.Join(' ', words.Skip(i).Take(n)))];
        }
        HashSet<string>[] grams = [.. items.Select(Grams)];
        HashSet<string> own = Grams(row);
        return Enumerable.Range(0, items.Length)
            .Where(i => grams[i].Any(g => own.Contains(g) && grams.Count(other => other.Contains(g)) <= 10));
    }

    private static IEnumerable<string[]> Rows(string path) => File.ReadLines(path)
        .Select(line => JsonDocument.Parse(line).RootElement.EnumerateObject().Select(p => p.Value.GetString()!).ToArray());
}
