using Deque.AxeCore.Commons;
using Microsoft.Playwright;

namespace Hone.Browser.Tests;

/// <summary>What must hold of every page.</summary>
internal static class Looks
{
    private static readonly string s_axe = new BundledAxeScriptProvider().GetScript();

    // Run in the page itself: Deque's RunAxe opens another page, a process of Chromium, for each look. These pages have no frames.
    private const string Violations = """
        async () => (await axe.run(document, {
          resultTypes: ['violations'],
          runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
        })).violations.map(v => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 4).map(n => n.html).join('\n  ')}`)
        """;

    /// <summary>axe-core finds nothing against WCAG 2.2 A and AA.</summary>
    public static async Task Accessible(this IPage page)
    {
        // What is within a picture is named by the picture, and a chart has hundreds of points.
        await page.EvaluateAsync("for (const part of document.querySelectorAll('svg > *')) part.remove()");
        Assert.Equal(0, await page.Locator("iframe, frame").CountAsync());
        await page.EvaluateAsync(s_axe);
        string[] found = await page.EvaluateAsync<string[]>(Violations);
        Assert.True(found.Length == 0, $"{page.Url} {string.Join('\n', found)}");
    }

    /// <summary>Nothing hangs over the right edge.</summary>
    public static async Task FitsItsWidth(this IPage page)
    {
        int over = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(over <= 0, $"{page.Url} is {over} pixels wider than its window");
    }
}
