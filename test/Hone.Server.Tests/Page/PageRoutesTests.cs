using System.Net;
using System.Text.RegularExpressions;

namespace Hone.Server.Tests;

public sealed partial class PageRoutesTests(TestServer server) : IClassFixture<TestServer>
{
    [Theory]
    [InlineData("/", "chat.js")]
    [InlineData("/arena", "arena.js")]
    [InlineData("/votes", "votes.js")]
    public async Task A_page_reaches_nothing_but_this_server(string path, string script)
    {
        using HttpResponseMessage page = await server.Client.GetAsync(path);
        string html = await page.Content.ReadAsStringAsync();
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(["page.css", script], Links().Matches(html).Select(m => m.Groups[1].Value));
    }

    [Fact]
    public async Task Scripts_and_styles_are_of_this_server_and_make_no_markup_of_text()
    {
        foreach (Route part in PageRoutes.All.Where(r => r.Path.Contains('.', StringComparison.Ordinal)))
        {
            string text = await server.Client.GetStringAsync(part.Path);
            foreach (string word in new[] { "://", "innerHTML", "outerHTML", "insertAdjacentHTML", "eval(", "document.write" })
                Assert.DoesNotContain(word, text, StringComparison.Ordinal);
        }
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/chat.js/x")).StatusCode);
    }

    [GeneratedRegex("""(?:stylesheet" href|src)="([^"]+)""")]
    private static partial Regex Links();
}
