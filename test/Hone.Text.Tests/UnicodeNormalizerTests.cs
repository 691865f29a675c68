using CsCheck;
using Hone.Text.Normalizing;

namespace Hone.Text.Tests;

public sealed class UnicodeNormalizerTests
{
    // The figures and tables of Unicode Standard Annex #15, and its rules for Hangul, exclusions and blocked marks.
    [Theory]
    [InlineData("\u212B", "\u00C5", "A\u030A", "\u00C5", "A\u030A")]
    [InlineData("\u2126", "\u03A9", "\u03A9", "\u03A9", "\u03A9")]
    [InlineData("\u1E9B\u0323", "\u1E9B\u0323", "\u017F\u0323\u0307", "\u1E69", "s\u0323\u0307")]
    [InlineData("\u1E0A\u0323", "\u1E0C\u0307", "D\u0323\u0307", "\u1E0C\u0307", "D\u0323\u0307")]
    [InlineData("\uFB01", "\uFB01", "\uFB01", "fi", "fi")]
    [InlineData("2\u2075", "2\u2075", "2\u2075", "25", "25")]
    [InlineData(
        "\uD55C\uAE00", "\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00", "\u1112\u1161\u11AB\u1100\u1173\u11AF")]
    [InlineData("\u0958", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C", "\u0915\u093C")]
    [InlineData("a\u0327\u0301", "\u00E1\u0327", "a\u0327\u0301", "\u00E1\u0327", "a\u0327\u0301")]
    [InlineData("a\u0301\u0301", "\u00E1\u0301", "a\u0301\u0301", "\u00E1\u0301", "a\u0301\u0301")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165", "\U0001D157\U0001D165")]
    [InlineData("plain é", "plain é", "plain e\u0301", "plain é", "plain e\u0301")]
    public void Forms_are_those_of_the_standard(string text, string nfc, string nfd, string nfkc, string nfkd)
    {
        Assert.Equal(nfc, Apply(UnicodeForm.Nfc, text));
        Assert.Equal(nfd, Apply(UnicodeForm.Nfd, text));
        Assert.Equal(nfkc, Apply(UnicodeForm.Nfkc, text));
        Assert.Equal(nfkd, Apply(UnicodeForm.Nfkd, text));
    }

    [Fact]
    public void Forms_agree_with_each_other_on_any_text() =>
        Gen.String[Gen.Char["aAeoDdsſ\u0301\u0307\u0323\u0327\u030Aéﬁ한\u1112\u1161\u11AB\u0958²"]].Sample(text =>
        {
            string c = Apply(UnicodeForm.Nfc, text), d = Apply(UnicodeForm.Nfd, text);
            Assert.Equal(c, Apply(UnicodeForm.Nfc, c));
            Assert.Equal(c, Apply(UnicodeForm.Nfc, d));
            Assert.Equal(d, Apply(UnicodeForm.Nfd, c));
        }, iter: 1000);

    private static string Apply(UnicodeForm form, string text) => new UnicodeNormalizer(form).Apply(text, new TextBudget(text.Length));
}
