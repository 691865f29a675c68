using CsCheck;

namespace Hone.Inference.Tests;

public class StopStringMatcherTests
{
    [Fact]
    public void A_stop_across_pieces_is_found_and_never_shown()
    {
        var matcher = new StopStringMatcher(["<|end_story|>"]);
        string shown = string.Concat(new[] { "The end.", "<|", "end_", "story|", ">", " more" }.Select(p => matcher.Push(p)));
        Assert.Equal("The end.", shown + matcher.Finish());
        Assert.Equal("The end.", matcher.Text);
        Assert.Equal("<|end_story|>", matcher.Found);
    }

    [Fact]
    public void What_only_began_like_a_stop_is_shown_in_the_end()
    {
        var matcher = new StopStringMatcher(["###"]);
        Assert.Equal("a", matcher.Push("a#"));
        Assert.Equal("#b", matcher.Push("b"));
        Assert.Equal("", matcher.Push("##"));
        Assert.Equal("##", matcher.Finish());
        Assert.Null(matcher.Found);
    }

    [Fact]
    public void Borders_between_pieces_change_nothing() =>
        Gen.Select(Gen.Char["ab"].Array[0, 14], Gen.Char["ab"].Array[1, 4].Select(c => new string(c)).Array[0, 3], Gen.Bool.Array[14])
            .Sample((chars, stops, cuts) =>
            {
                string text = new(chars);
                var matcher = new StopStringMatcher(stops);
                string shown = "";
                int start = 0;
                for (int i = 1; i <= text.Length; i++)
                {
                    if (i < text.Length && !cuts[i - 1]) continue;
                    shown += matcher.Push(text.AsSpan(start, i - start));
                    start = i;
                }
                Assert.Equal(matcher.Text, shown + matcher.Finish());
                Assert.Equal(PlainCut(text, stops), matcher.Text);
            }, iter: 5000);

    [Fact]
    public void An_empty_stop_string_is_an_error() => Assert.Throws<ArgumentException>(() => new StopStringMatcher([""]));

    /// <summary>Looks at the text character by character: the first moment at which it ends with a stop.</summary>
    private static string PlainCut(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string? stop = stops.Where(s => text[..end].EndsWith(s, StringComparison.Ordinal)).MaxBy(s => s.Length);
            if (stop is not null) return text[..(end - stop.Length)];
        }
        return text;
    }
}
