using Hone.Runs.Tests;
using Hone.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;

namespace Hone.Browser.Tests;

public sealed class BoardPageTests(Browser browser) : IAsyncLifetime
{
    private const string Name = "<img src=x onerror=window.hacked=1>";

    private readonly TempFolder _folder = new();
    private GrowingRun? _run;
    private WebApplication? _server;

    private string Address => _server!.Urls.Single();

    public async ValueTask InitializeAsync()
    {
        _run = new GrowingRun(_folder.File(Name), changes: "  filters: ['lang=<script>window.hacked=1</script>']\n");
        for (int step = 1; step <= 40; step++) _run.Step("sft", step, 3 - step / 40.0);
        _run.Iteration(1, 25, answer: "<img src=x onerror=window.hacked=1> **answer**");
        _server = await BoardServer.StartAsync(_folder.Path, 0, orAnother: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _run!.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_run_is_watched_while_it_goes_on()
    {
        IPage page = await browser.Page();
        await page.GotoAsync(Address);
        await Assertions.Expect(page.Locator(".state")).ToHaveTextAsync("running");
        await page.GetByRole(AriaRole.Link, new() { Name = Name }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync(Name);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Loss: reward model" })).ToHaveCountAsync(0);
        await page.EvaluateAsync("window.same = true");
        for (int step = 1; step <= 10; step++) _run!.Step("reward", step, 0.7);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Loss: reward model" })).ToBeVisibleAsync();
        _run!.Finished();
        await Assertions.Expect(page.Locator("main .state").First).ToHaveTextAsync("finished");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Rewards over KL" })).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.same && window.hacked === undefined")); // nothing was loaded anew
    }

    [Fact]
    public async Task What_is_shown_stands_in_the_address()
    {
        IPage page = await browser.Page();
        await page.GotoAsync($"{Address}{BoardServer.AddressOf(_run!.Path)}/samples");
        await page.GetByLabel("Search").FillAsync("prompt 17");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("article")).ToHaveCountAsync(1);
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("article")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("article .answer").First).ToContainTextAsync("<img src=x");
        await page.GetByLabel("Search").FillAsync("half typed");
        const string Version = "document.querySelector('meta[name=version]').content";
        string before = await page.EvaluateAsync<string>(Version);
        _run.Step("sft", 41, 1.5); // a newer version comes, and what is being typed stays
        await page.WaitForFunctionAsync($"before => {Version} !== before", before);
        await Assertions.Expect(page.GetByLabel("Search")).ToHaveValueAsync("half typed");
        await page.GotoAsync($"{Address}{BoardServer.AddressOf(_run.Path)}/curves");
        await page.GetByLabel("Smoothing").FocusAsync();
        await page.GetByLabel("Smoothing").SelectOptionAsync("5");
        await page.WaitForURLAsync("**/curves?*smooth=5*");
        await Assertions.Expect(page.GetByLabel("Smoothing")).ToHaveValueAsync("5");
        await Assertions.Expect(page.GetByLabel("Smoothing")).ToBeFocusedAsync();
        await page.GoBackAsync();
        await Assertions.Expect(page.GetByLabel("Smoothing")).ToHaveValueAsync("");
        ILocator chart = page.Locator("figure svg").First;
        await chart.HoverAsync();
        LocatorBoundingBoxResult box = (await page.Locator("figure svg circle").Nth(8).BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + 3, box.Y + 3);
        await Assertions.Expect(page.Locator("#tip")).ToBeVisibleAsync();
        Assert.True(await page.EvaluateAsync<bool>("window.hacked === undefined"));
    }

    [Fact]
    public async Task Evaluations_are_chosen_and_stand_side_by_side()
    {
        new GrowingEvaluation(_folder.File("sft"), "sft").Task("sums", 30, 40).Write(log: true);
        new GrowingEvaluation(_folder.File("dpo"), "dpo").Task("sums", 36, 40).Write(day: 2, log: true);
        IPage page = await browser.Page();
        await page.GotoAsync(Address);
        await page.GetByLabel("Compare sft").CheckAsync();
        await page.GetByLabel("Compare dpo").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare the chosen evaluations" }).ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Evaluations compared");
        await Assertions.Expect(page.Locator("td .gap")).ToContainTextAsync("+15.0");
        await Assertions.Expect(page.Locator("figure svg circle.mark:has(title)")).ToHaveCountAsync(2);
        // A newer figure comes while one looks.
        new GrowingEvaluation(_folder.File("dpo"), "dpo").Task("sums", 20, 40).Write(day: 3, log: true);
        await Assertions.Expect(page.Locator("td .gap")).ToContainTextAsync("−25.0");
    }

    [Theory]
    [InlineData(1280, ColorScheme.Light)]
    [InlineData(390, ColorScheme.Dark)]
    public async Task The_pages_are_accessible_and_fit(int width, ColorScheme scheme)
    {
        using (var done = new GrowingRun(_folder.File("done"), changes: "sft:\n  epochs: 3\n"))
        {
            done.Evaluated("sft", 3, 0);
            done.Evaluated("online-dpo-1", 3, 1);
            done.Finished();
        }
        new GrowingEvaluation(_folder.File("done/eval"), Name).Task(Name, 30, 40).Task("words", 3, 4).Write(log: true);
        new GrowingEvaluation(_folder.File("other"), "b") { Shots = 5 }.Task(Name, 36, 40).Write(log: true);
        IPage page = await browser.Page(width, scheme: scheme);
        string live = BoardServer.AddressOf(_run!.Path);
        string compared = $"/compare?run={Uri.EscapeDataString(Name)}&run=done";
        const string Evaluated = "/evaluations?of=done%2Feval&of=other";
        string[] paths = scheme == ColorScheme.Light
            ? ["/", live, $"{live}/curves", "/run/done/samples", $"{live}/recipe", compared, Evaluated]
            : ["/", "/run/done", $"{live}/samples", Evaluated];
        foreach (string path in paths)
        {
            await page.GotoAsync(Address + path);
            await page.Accessible();
            await page.FitsItsWidth();
        }
    }
}
