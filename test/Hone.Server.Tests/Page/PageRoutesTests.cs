using System.Net;
using System.Text.RegularExpressions;

namespace Hone.Server.Tests;

public sealed partial class PageRoutesTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task The_page_reaches_nothing_but_this_server()
    {
        using HttpResponseMessage page = await server.Client.GetAsync("/");
        string html = await page.Content.ReadAsStringAsync();
        Assert.Equal("text/html", page.Content.Headers.ContentType!.MediaType);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        string[] linked = [.. Links().Matches(html).Select(m => m.Groups[1].Value)];
        Assert.Equal(["chat.css", "chat.js"], linked);
        foreach (string file in linked)
        {
            using HttpResponseMessage part = await server.Client.GetAsync("/" + file);
            Assert.Equal(HttpStatusCode.OK, part.StatusCode);
            Assert.DoesNotContain("://", await part.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.DoesNotContain("innerHTML", await server.Client.GetStringAsync("/chat.js"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/chat.js/x")).StatusCode);
    }

    [GeneratedRegex("""(?:href|src)="([^"]+)""")]
    private static partial Regex Links();
}
