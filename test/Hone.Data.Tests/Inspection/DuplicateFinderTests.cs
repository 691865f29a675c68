using CsCheck;

namespace Hone.Data.Tests;

public sealed class DuplicateFinderTests
{
    [Fact]
    public void Case_punctuation_and_spaces_do_not_hide_a_duplicate()
    {
        var finder = new DuplicateFinder();
        Assert.Null(finder.Add(1, ["What is 2+2?", "It is four."]));
        Assert.Null(finder.Add(2, ["What is 2+3?", "It is five."]));
        Assert.Equal(new Duplicate(3, 1, 1), finder.Add(3, ["  what IS 2 + 2", "it is FOUR"]));
        Assert.Equal((3, 1, 0), (finder.Rows, finder.Exact, finder.Near));
    }

    [Fact]
    public void The_same_words_in_other_fields_are_no_exact_duplicate()
    {
        var finder = new DuplicateFinder();
        finder.Add(1, ["a b", "c"]);
        Assert.Null(finder.Add(2, ["x y", "z"]));
        finder.Add(3, ["a", "b c"]);
        Assert.Equal(0, finder.Exact);
    }

    [Fact]
    public void Rows_without_words_repeat_each_other_and_nothing_else()
    {
        var finder = new DuplicateFinder();
        Assert.Null(finder.Add(1, ["..."]));
        Assert.Equal(new Duplicate(2, 1, 1), finder.Add(2, ["!"]));
    }

    [Fact]
    public void A_row_with_one_word_changed_is_a_near_duplicate_and_another_text_is_not()
    {
        string[] words = [.. Enumerable.Range(0, 100).Select(i => $"word{i}")];
        string changed = string.Join(' ', words.Select((w, i) => i == 50 ? "other" : w));
        var finder = new DuplicateFinder();
        Assert.Null(finder.Add(1, [string.Join(' ', words)]));
        Assert.Null(finder.Add(2, [string.Join(' ', words.Reverse())]));
        Duplicate? near = finder.Add(3, [changed]);
        // 5 of 96 shingles differ on each side: 91 / 101 in common. 112 values estimate it with a deviation of 0.03.
        Assert.Equal(1, near?.Of);
        Assert.InRange(near!.Similarity, 91.0 / 101 - 0.12, 91.0 / 101 + 0.09);
        Assert.Equal((0, 1), (finder.Exact, finder.Near));
    }

    [Fact]
    public void The_signature_estimates_the_similarity_of_the_shingles() => Gen.Select(Gen.Int[20, 120], Gen.Int[0, 100])
        .Sample((shared, own) =>
    {
        string[] common = [.. Enumerable.Range(0, shared).Select(i => $"c{i}")];
        string[] a = [.. common, .. Enumerable.Range(0, own).Select(i => $"a{i}")],
            b = [.. common, .. Enumerable.Range(0, own).Select(i => $"b{i}")];
        HashSet<string> sa = Shingles(a), sb = Shingles(b);
        double exact = (double)sa.Intersect(sb).Count() / sa.Union(sb).Count();
        double estimate = MinHash.Agreement(MinHash.Of(a), MinHash.Of(b));
        // Five standard deviations of 112 independent values.
        Assert.InRange(Math.Abs(estimate - exact), 0, 5 * Math.Sqrt(exact * (1 - exact) / 112) + 1e-9);
    }, iter: 200);

    private static HashSet<string> Shingles(string[] words) =>
        [.. Enumerable.Range(0, words.Length - 4).Select(i => string.Join(' ', words.AsSpan(i, 5).ToArray()))];
}
