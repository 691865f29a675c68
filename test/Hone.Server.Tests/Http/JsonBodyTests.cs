using System.Text;
using System.Text.Json;

namespace Hone.Server.Tests;

public sealed class JsonBodyTests
{
    [Theory]
    [InlineData("{\"a\": 1, \"a\": 2}", "not valid JSON")]
    [InlineData("{\"a\": 1", "not valid JSON")]
    [InlineData("", "not valid JSON")]
    [InlineData("{\"a\": \"\\ud800\"}", "half a surrogate")]
    [InlineData("{\"a\": [{\"b\": \"x\\udc00\"}]}", "`a`")]
    [InlineData("{\"a\": {\"\\ud800\": 1}}", "half a surrogate")]
    [InlineData("{\"\\ud800\": 1}", "half a surrogate")]
    public void What_is_no_JSON_of_whole_characters_is_refused(string text, string what) => Assert.Contains(what,
        Assert.Throws<ApiException>(() => JsonBody.Parse(Encoding.UTF8.GetBytes(text))).Message, StringComparison.Ordinal);

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused() => Assert.Contains("UTF-8",
        Assert.Throws<ApiException>(() => JsonBody.Parse((byte[])[.. "{\"a\":\""u8, 0xff, .. "\"}"u8])).Message, StringComparison.Ordinal);

    [Fact]
    public void Deep_nesting_is_refused() => Assert.Equal(400, Assert.Throws<ApiException>(
        () => JsonBody.Parse(Encoding.UTF8.GetBytes(new string('[', 100_000)))).Status);

    [Fact]
    public void Escaped_pairs_are_one_character()
    {
        using JsonDocument document = JsonBody.Parse("{\"a\": \"\\ud83d\\ude00\"}"u8.ToArray());
        Assert.Equal("😀", document.RootElement.GetProperty("a").GetString());
    }
}
