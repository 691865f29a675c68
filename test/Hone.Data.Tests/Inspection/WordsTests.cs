namespace Hone.Data.Tests;

public sealed class WordsTests
{
    [Theory]
    [InlineData("Hello,  World!", "hello world")]
    [InlineData("Don't <<48/2=24>>24 clips\n#### 72", "don t 48 2 24 24 clips 72")]
    [InlineData("Été ÉTÉ ΣΑΣ", "été été σασ")]
    [InlineData("e\u0301te\u0301", "e\u0301te\u0301")] // a combining accent belongs to the word
    [InlineData("日本の car", "日 本 の car")]
    [InlineData("हिन्दी भाषा", "हिन्दी भाषा")] // vowel signs belong to the word
    [InlineData(" \t...", "")]
    public void Words_are_runs_of_letters_and_digits_in_lower_case(string text, string words) =>
        Assert.Equal(words, string.Join(' ', Words.Of(text)));
}
