using Microsoft.Playwright;

namespace Hone.Browser.Tests;

public sealed class ChatPageTests(Browser browser, Served served) : IClassFixture<Served>
{
    private const string Attack = "<img src=x onerror=\"window.hacked=1\"><script>window.hacked=1</script> "
        + "[link](javascript:window.hacked=1) **bold** `<b>code</b>`\n\n```html\n<script>window.hacked=1</script>\n```\n\n"
        + "| a | b |\n|---|---|\n| <i>x</i> | 2 |";

    // An answer that comes as the test wants it: piece by piece, until it is cancelled.
    private const string Stream = """
        ([text, wait]) => {
          const real = window.fetch;
          window.fetch = (path, options) => {
            if (path !== 'v1/chat/completions') return real(path, options);
            const pieces = text.match(/[\s\S]{1,12}/g);
            const encode = data => new TextEncoder().encode(`data: ${data}\n\n`);
            const body = new ReadableStream({
              start(control) { options.signal.addEventListener('abort', () => control.error(options.signal.reason)); },
              async pull(control) {
                await new Promise(done => setTimeout(done, wait));
                const content = pieces.shift();
                if (content === undefined) { control.enqueue(encode('[DONE]')); control.close(); return; }
                control.enqueue(encode(JSON.stringify({ choices: [{ delta: { content }, finish_reason: null }] })));
              },
            });
            return Promise.resolve(new Response(body));
          };
        }
        """;

    [Fact]
    public async Task A_chat_is_answered_measured_and_kept()
    {
        IPage page = await Open();
        await page.Locator("details.settings summary").ClickAsync();
        await page.GetByLabel("Longest answer").FillAsync("24");
        await page.GetByLabel("Seed").FillAsync("1"); // some answers of a random model are empty
        await Ask(page, "hello");
        ILocator answer = page.Locator(".assistant");
        await Assertions.Expect(answer.Locator(".does")).ToContainTextAsync("per second");
        await Assertions.Expect(answer.Locator(".does")).ToContainTextAsync("reward ");
        await answer.GetByRole(AriaRole.Button, new() { Name = "Tokens" }).ClickAsync();
        await answer.Locator(".tokens span").First.HoverAsync();
        await Assertions.Expect(answer.Locator(".alternatives div")).Not.ToHaveCountAsync(0);
        await Assertions.Expect(answer.Locator(".alternatives div").Nth(2)).ToBeVisibleAsync(); // the others, once they are computed
        await page.Locator(".tokens").FocusAsync();
        await page.Keyboard.PressAsync("ArrowRight");
        await Assertions.Expect(answer.Locator(".tokens span").Nth(1)).ToHaveClassAsync("at");
        string said = await page.EvaluateAsync<string>("JSON.parse(localStorage['hone.conversations'])[0].turns[1].content");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".user .said")).ToHaveTextAsync("hello");
        Assert.Equal(said, await page.EvaluateAsync<string>("JSON.parse(localStorage['hone.conversations'])[0].turns[1].content"));
    }

    [Fact]
    public async Task An_answer_is_stopped_and_made_again()
    {
        IPage page = await Open();
        await page.EvaluateAsync(Stream, new object[] { string.Concat(Enumerable.Repeat("word after word ", 500)), 20 });
        await Ask(page, "hello");
        await Assertions.Expect(page.Locator(".assistant .said")).ToContainTextAsync("word after word");
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Assertions.Expect(page.Locator(".assistant .does")).ToContainTextAsync("stopped");
        await page.GetByRole(AriaRole.Button, new() { Name = "Regenerate" }).ClickAsync();
        await Assertions.Expect(page.Locator(".assistant .said")).ToContainTextAsync("word");
        await Assertions.Expect(page.Locator(".assistant")).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
    }

    /// <summary>A reward that came meanwhile drew the page anew and put the old text back.</summary>
    [Fact]
    public async Task What_is_being_edited_stays_when_the_reward_comes()
    {
        IPage page = await Open();
        await page.EvaluateAsync(Stream, new object[] { "fine", 1 });
        var reward = new TaskCompletionSource();
        await page.RouteAsync("**/v1/rewards", async route =>
        {
            await reward.Task;
            await route.ContinueAsync();
        });
        await Ask(page, "first question");
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await page.GetByLabel("Edited message").FillAsync("better question");
        reward.SetResult();
        await Assertions.Expect(page.Locator(".assistant .does")).ToContainTextAsync("reward ");
        await Assertions.Expect(page.GetByLabel("Edited message")).ToHaveValueAsync("better question");
    }

    [Fact]
    public async Task A_reload_in_the_middle_keeps_what_has_come()
    {
        IPage page = await Open();
        await page.EvaluateAsync(Stream, new object[] { string.Concat(Enumerable.Repeat("word after word ", 500)), 20 });
        await Ask(page, "hello");
        await page.WaitForFunctionAsync("() => (localStorage['hone.conversations'] ?? '').includes('word after')");
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator(".assistant .said")).ToContainTextAsync("word after word");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Send" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_message_is_edited_and_conversations_stand_beside_each_other()
    {
        IPage page = await Open();
        await page.EvaluateAsync(Stream, new object[] { "fine", 1 });
        await Ask(page, "first question");
        await page.GetByRole(AriaRole.Button, new() { Name = "Edit" }).ClickAsync();
        await page.GetByLabel("Edited message").FillAsync("better question");
        await page.Locator(".edit").GetByRole(AriaRole.Button, new() { Name = "Send" }).ClickAsync();
        await Assertions.Expect(page.Locator(".user .said")).ToHaveTextAsync("better question");
        await Assertions.Expect(page.Locator(".assistant .said")).ToHaveTextAsync("fine");
        await page.GetByRole(AriaRole.Button, new() { Name = "New conversation" }).ClickAsync();
        await Ask(page, "another");
        await Assertions.Expect(page.Locator("#talks .talk")).ToHaveTextAsync(["another", "better question"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "better question", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".user .said")).ToHaveTextAsync("better question");
        await page.GetByRole(AriaRole.Button, new() { Name = "Delete better question" }).ClickAsync();
        await Assertions.Expect(page.Locator("#talks .talk")).ToHaveCountAsync(1);
    }

    [Fact]
    public async Task Markup_in_an_answer_is_text_and_markdown_is_drawn()
    {
        IPage page = await Open();
        await page.EvaluateAsync(Stream, new object[] { Attack, 1 });
        await Ask(page, Attack);
        ILocator said = page.Locator(".assistant .said");
        await Assertions.Expect(said.Locator("table td").First).ToHaveTextAsync("<i>x</i>");
        await Assertions.Expect(said).ToContainTextAsync("<img src=x");
        await Assertions.Expect(said.Locator("strong")).ToHaveTextAsync("bold");
        await Assertions.Expect(said.Locator(".code pre")).ToHaveTextAsync("<script>window.hacked=1</script>");
        await Assertions.Expect(page.Locator("main img, main .said script, main .said a, main .said i")).ToHaveCountAsync(0);
        Assert.True(await page.EvaluateAsync<bool>("window.hacked === undefined"));
    }

    /// <summary>A heading of many closing signs took minutes.</summary>
    [Fact]
    public async Task No_text_takes_long_to_draw()
    {
        IPage page = await Open();
        double slowest = await page.EvaluateAsync<double>("""
            async () => {
              const { markdown } = await import('/markdown.js');
              const n = 18000;
              const texts = ['# ' + '#'.repeat(n) + ' x' + ' '.repeat(n) + 'y',
                '|' + ' '.repeat(n) + '\n|' + '-'.repeat(n) + ' '.repeat(n) + 'x', '**a *b '.repeat(n / 6), '`` a` '.repeat(n / 6),
                '[a]('.repeat(n / 4), '- '.repeat(n), '> '.repeat(n), '- a\n'.repeat(n),
                Array.from({ length: 300 }, (_, i) => ' '.repeat(2 * i) + '- x').join('\n'), '```\n'.repeat(n), '_a '.repeat(n)];
              return Math.max(...texts.map(text => { const begun = performance.now(); markdown(text); return performance.now() - begun; }));
            }
            """);
        Assert.InRange(slowest, 0, 5000);
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_page_is_accessible_and_fits(int width, ColorScheme scheme)
    {
        IPage page = await Open(width, scheme);
        await page.EvaluateAsync(Stream, new object[] { Attack + "\n\n> quote\n\n1. one\n2. two\n\n" + new string('x', 300), 1 });
        await Ask(page, "hello");
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("complete");
        await page.Locator("details.settings summary").ClickAsync();
        await page.Accessible();
        await page.FitsItsWidth();
        string ground = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
        Assert.Equal(scheme == ColorScheme.Dark ? "rgb(18, 22, 27)" : "rgb(255, 255, 255)", ground);
    }

    private static async Task Ask(IPage page, string text)
    {
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync(text);
        await page.Keyboard.PressAsync("Enter");
    }

    private async Task<IPage> Open(int width = 1280, ColorScheme scheme = ColorScheme.Light)
    {
        IPage page = await browser.Page(width, scheme: scheme);
        await page.GotoAsync(served.Address);
        await Assertions.Expect(page.Locator("#model option")).Not.ToHaveCountAsync(0);
        return page;
    }
}
