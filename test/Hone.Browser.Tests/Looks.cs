using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace Hone.Browser.Tests;

/// <summary>What must hold of every page.</summary>
internal static class Looks
{
    /// <summary>axe-core finds nothing against WCAG 2.2 A and AA.</summary>
    public static async Task Accessible(this IPage page)
    {
        // What is within a picture is named by the picture, and a chart has hundreds of points.
        await page.EvaluateAsync("for (const part of document.querySelectorAll('svg > *')) part.remove()");
        AxeResult found = await page.RunAxe(new AxeRunOptions
        {
            ResultTypes = [ResultType.Violations],
            RunOnly = new RunOnlyOptions { Type = "tag", Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
        });
        Assert.True(found.Violations.Length == 0, string.Join('\n', found.Violations
            .Select(v => $"{page.Url} {v.Id}: {v.Help}\n  {string.Join("\n  ", v.Nodes.Take(4).Select(n => n.Html))}")));
    }

    /// <summary>Nothing hangs over the right edge.</summary>
    public static async Task FitsItsWidth(this IPage page)
    {
        int over = await page.EvaluateAsync<int>("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        Assert.True(over <= 0, $"{page.Url} is {over} pixels wider than its window");
    }
}
