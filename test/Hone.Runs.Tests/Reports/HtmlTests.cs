namespace Hone.Runs.Tests;

public class HtmlTests
{
    [Fact]
    public void Holes_are_escaped_and_literals_are_not()
    {
        string hostile = "<b>&\"'</b>";
        Assert.Equal("<p title=\"&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;\">3 1.5</p>", Html.Of($"<p title=\"{hostile}\">{3} {1.5}</p>").Markup);
    }

    [Fact]
    public void Markup_inside_markup_is_escaped_once()
    {
        Html inner = Html.Of($"<i>{"<"}</i>");
        Assert.Equal("<p><i>&lt;</i></p>", Html.Of($"<p>{inner}</p>").Markup);
    }

    [Theory]
    [InlineData("a\0b", "a[U+0000]b")]
    [InlineData("\u001B[31m", "[U+001B][31m")]
    [InlineData("\u202Eabc", "[U+202E]abc")]
    [InlineData("\u2066x\u2069", "[U+2066]x[U+2069]")]
    [InlineData("line\nline\ttab", "line\nline\ttab")]
    [InlineData("caf\u00E9 \U0001F600", "caf\u00E9 \U0001F600")]
    public void Characters_that_rearrange_or_break_a_page_become_visible(string text, string expected) =>
        Assert.Equal(expected, Html.Escape(text));

    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character() => Assert.Equal("a\uFFFDb", Html.Escape("a\uD800b"));
}
