using System.Text.RegularExpressions;
using CsCheck;

namespace Hone.Inference.Tests.Constraints;

public sealed class RegexConstraintTests
{
    /// <summary>.NET's own engine says which texts match.</summary>
    [Theory]
    [InlineData("a*b+c?")]
    [InlineData("(ab|a)(bc|c)?")]
    [InlineData("[ab]{2,4}c{0,2}")]
    [InlineData("(a|b)*a(a|b){3}")]
    [InlineData("(?:a{2}){2,}b??")]
    [InlineData("[^a]+")]
    [InlineData(@"\w+\s\d{1,2}")]
    [InlineData("")]
    [InlineData("a||b")]
    [InlineData("(a*)*")]
    [InlineData("((a|b)+c)*")]
    [InlineData("x{0}a")]
    [InlineData("a{b}")]
    [InlineData("(?<word>ab)+")]
    [InlineData("^ab$|^c$")]
    [InlineData("[a-c1]-[x-]?")]
    [InlineData(@"\u00e9|é́|[à-ü]+")]
    [InlineData("[😀-😃]a")]
    [InlineData(".*c.*")]
    public void Takes_what_the_pattern_matches_and_nothing_else(string pattern)
    {
        OutputConstraint format = OutputConstraint.Regex(pattern);
        var own = new Regex($"^(?:{(pattern.Contains("😀", StringComparison.Ordinal) ? "(?:😀|😁|😂|😃)a" : pattern)})\\z",
            pattern.Contains("\\w", StringComparison.Ordinal) ? RegexOptions.ECMAScript : RegexOptions.None);
        Gen<string> texts = Gen.OneOf(
            Gen.String[Gen.Char["abc"], 0, 8], Gen.String[Gen.Char["abcx12 {}-]_é"], 0, 6],
            Gen.Const("😁a"), Gen.Const("à"), Gen.Const("aa bb"));
        texts.Sample(text => Assert.Equal(own.IsMatch(text), Walks.Accepts(format, text)), iter: 3000);
        var random = new Random(1);
        for (int i = 0; i < 30; i++) Assert.Matches(own, Walks.RandomText(format, random, usualLength: 12));
    }

    [Theory]
    [InlineData("(a)\\1", "`\\1`")]
    [InlineData("(?=a)b", "(?")]
    [InlineData("(?i)a", "(?")]
    [InlineData("a\\b", "`\\b`")]
    [InlineData("\\p{L}", "`\\p`")]
    [InlineData("a^b", "`^`")]
    [InlineData("a$b", "`$`")]
    [InlineData("a++", "two quantifiers")]
    [InlineData("(a", "`(`")]
    [InlineData("a)", "`)`")]
    [InlineData("[a", "`[`")]
    [InlineData("[b-a]", "backwards")]
    [InlineData("*a", "nothing before")]
    [InlineData("a{3,1}", "3 to 1")]
    [InlineData("a{1000000}", "above")]
    [InlineData("[]", "class")]
    [InlineData("[[:alpha:]]", "[:")]
    public void Refuses_by_name_what_it_does_not_follow(string pattern, string named) =>
        Assert.Contains(named, Assert.Throws<InputException>(() => OutputConstraint.Regex(pattern)).Message, StringComparison.Ordinal);
}
