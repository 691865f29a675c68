using System.Text;
using Hone.Data;
using Microsoft.Playwright;

namespace Hone.Browser.Tests;

public sealed class ArenaPageTests(Browser browser, Served served) : IClassFixture<Served>
{
    [Fact]
    public async Task Votes_are_kept_as_preferences_and_counted_while_a_conversation_goes_on()
    {
        IPage page = await browser.Page();
        await page.GotoAsync($"{served.Address}/arena");
        // Always the same answers: some of a random model are empty, of which nothing can be learnt. Short ones: its context is small.
        await page.RouteAsync("**/arena/battles", route => route.ContinueAsync(new()
        {
            PostData = Encoding.UTF8.GetBytes(
                route.Request.PostData!.Replace("{\"messages\"", "{\"seed\":1,\"max_tokens\":12,\"messages\"")),
        }));
        await Battle(page, "which one?");
        (string left, string right) = (await Said(page, "left"), await Said(page, "right"));
        await Assertions.Expect(page.Locator("#left h3")).ToHaveTextAsync("Left");
        await page.GetByRole(AriaRole.Button, new() { Name = "Left is better" }).ClickAsync();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("1 vote so far, 1 preference among them");
        await Assertions.Expect(page.Locator("#left h3"))
            .ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^(first|second) – preferred$"));
        PairRow pair = Assert.Single(RowFile.ReadPairs(served.Votes));
        Assert.Equal("which one?", pair.Prompt[^1].Content);
        Assert.Equal((Words(left), Words(right)), (Words(pair.Chosen), Words(pair.Rejected)));

        // The conversation goes on from the left answer.
        await Battle(page, "and now?");
        await Assertions.Expect(page.Locator("#turns .assistant .said")).ToHaveCountAsync(1);
        Assert.Equal(Words(left), Words(await page.Locator("#turns .assistant .said").InnerTextAsync()));
        await page.Locator("body").ClickAsync(new() { Position = new() { X = 4, Y = 4 } });
        await page.Keyboard.PressAsync("2"); // equally good
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("2 votes so far, 1 preference among them");
        Assert.Single(RowFile.ReadPairs(served.Votes));
        await Battle(page, "a third time?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Right is better" }).ClickAsync();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("3 votes so far, 2 preferences among them");
        PairRow last = RowFile.ReadPairs(served.Votes).Last();
        Assert.Equal(["which one?", pair.Chosen, "and now?", last.Prompt[3].Content, "a third time?"], last.Prompt.Select(t => t.Content));

        await page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Assertions.Expect(page.Locator("#turns li")).ToHaveCountAsync(0);
        await Assertions.Expect(page.Locator("#battle")).ToBeHiddenAsync();
        await Battle(page, "from the beginning");
        await Assertions.Expect(page.Locator("#turns li")).ToHaveCountAsync(1);

        await page.GetByRole(AriaRole.Link, new() { Name = "Votes" }).ClickAsync();
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(2);
        // Two votes and a tie: half of the time where each model has won one, else five times of six.
        await Assertions.Expect(page.Locator("#rows"))
            .ToContainTextAsync(new System.Text.RegularExpressions.Regex("(50\\.0|83\\.3|16\\.7)"));
        await page.Accessible();
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_pages_are_accessible_and_fit(int width, ColorScheme scheme)
    {
        IPage page = await browser.Page(width, scheme: scheme);
        await page.GotoAsync($"{served.Address}/arena");
        await Battle(page, "hello");
        await page.Accessible();
        await page.FitsItsWidth();
        await page.GotoAsync($"{served.Address}/votes");
        await page.FitsItsWidth();
    }

    internal static async Task Battle(IPage page, string prompt)
    {
        await page.GetByLabel("Prompt", new() { Exact = true }).FillAsync(prompt);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Both bad" })).ToBeEnabledAsync();
    }

    private static Task<string> Said(IPage page, string side) => page.Locator($"#{side} .said").InnerTextAsync();

    // Markdown shows some marks as something else.
    private static string Words(string text) => string.Concat(text.Where(char.IsLetter));
}
