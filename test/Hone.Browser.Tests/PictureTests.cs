using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hone.Server;
using Microsoft.AspNetCore.Builder;
using Microsoft.Playwright;

namespace Hone.Browser.Tests;

/// <summary>
/// The pictures of docs/images, of a folder with two finished runs of the quickstart and evaluations:
/// <c>HONE_PICTURES=RUNS dotnet test --project test/Hone.Browser.Tests --filter-class "*PictureTests"</c>.
/// </summary>
public sealed class PictureTests(Browser browser) : IDisposable
{
    private const string Question = "Hello. How can my friend begin with songs this weekend?";
    private static readonly string? s_runs = Environment.GetEnvironmentVariable("HONE_PICTURES");
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Board()
    {
        Assert.SkipWhen(s_runs is null, "HONE_PICTURES names no folder of runs");
        await using WebApplication server = await BoardServer.StartAsync(s_runs!, 0, orAnother: false);
        string address = server.Urls.Single();
        string[] runs = [.. Folders().Select(r => Path.GetFileName(r)!)];
        IPage page = await browser.Page(1120, 330);
        await Take(page, address, "board-runs");
        await Take(page, $"{address}/run/{runs[0]}", "board-run", height: 1000);
        await Take(page, $"{address}/run/{runs[0]}/samples", "board-samples", height: 780);
        await Take(page, $"{address}/compare?run={runs[0]}&run={runs[1]}", "board-compare", height: 900, from: "By iteration");
        await page.GotoAsync(address);
        foreach (ILocator box in await page.Locator("input[name=of]").AllAsync()) await box.CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Compare the chosen evaluations" }).ClickAsync();
        await Assertions.Expect(page.Locator("#fresh")).ToHaveTextAsync("live");
        await Take(page, null, "board-evaluations", height: 1040);
        IPage phone = await browser.Page(390, 800, ColorScheme.Dark);
        await Take(phone, $"{address}/run/{runs[0]}", "board-phone", height: 800);
    }

    [Fact]
    public async Task Chat_arena_and_votes()
    {
        Assert.SkipWhen(s_runs is null, "HONE_PICTURES names no folder of runs");
        string run = Folders().First();
        await using var models = new ServedModels();
        foreach ((string name, string folder) in new[] { ("sft", "sft/model"), ("dpo", "model"), ("reward", "reward/model") })
            models.Add(ServedModel.Open(Path.Combine(run, folder), name, "cpu"));
        await using WebApplication server = HoneServer.Create(models, IPAddress.Loopback, 0, null, TimeProvider.System, new ServerLimits(),
            arena: new ArenaHall(VoteFile.Open(_folder.File("team.jsonl"))));
        await server.StartAsync();
        string address = server.Urls.Single();

        IPage page = await browser.Page(1120, 800);
        await page.GotoAsync(address);
        await page.Locator("#model").SelectOptionAsync("dpo");
        await page.GetByLabel("Message", new() { Exact = true }).FillAsync(Question);
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator(".assistant .does")).ToContainTextAsync("reward ");
        await page.GetByRole(AriaRole.Button, new() { Name = "Tokens" }).ClickAsync();
        await page.Locator(".tokens span").Nth(8).HoverAsync();
        await Assertions.Expect(page.Locator(".alternatives div").Nth(2)).ToBeVisibleAsync();
        await Take(page, null, "chat", height: 800);

        await page.GotoAsync($"{address}/arena");
        await ArenaPageTests.Battle(page, "Hello. Which suggestions would help my aunt with songs?");
        await page.GetByRole(AriaRole.Button, new() { Name = "Left is better" }).ClickAsync();
        await Assertions.Expect(page.Locator("#status")).ToContainTextAsync("1 vote");
        await ArenaPageTests.Battle(page, "Thank you. And what about bread?");
        await Take(page, null, "arena", height: 800);

        using var client = new HttpClient { BaseAddress = new Uri(address) };
        for (int i = 0; i < 30; i++) await Vote(client, $"Hello. What should I know about {(i % 2 == 0 ? "music" : "gardening")}?", i);
        await page.GotoAsync($"{address}/votes");
        await Assertions.Expect(page.Locator("#rows tr")).ToHaveCountAsync(2);
        await Take(page, null, "votes", height: 340);
    }

    private static IEnumerable<string> Folders() =>
        Directory.GetDirectories(s_runs!).Where(Runs.RunFolder.Exists).Order(StringComparer.Ordinal);

    /// <summary>For the answer that the reward model prefers.</summary>
    private static async Task Vote(HttpClient client, string prompt, int seed)
    {
        static object Turn(string role, string content) => new { role, content };
        var asked = new { messages = new[] { Turn("user", prompt) }, seed, max_tokens = 64 };
        using HttpResponseMessage battle = await client.PostAsJsonAsync("/arena/battles", asked);
        JsonNode[] events = [.. (await battle.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SkipLast(1)
            .Select(e => JsonNode.Parse(e["data: ".Length..])!)];
        object[] Answered(string side) => [Turn("user", prompt), Turn("assistant",
            string.Concat(events.Where(e => (string?)e["side"] == side).Select(e => (string)e["text"]!)))];
        var both = new { model = "reward", conversations = new[] { Answered("left"), Answered("right") } };
        using HttpResponseMessage rewards = await client.PostAsJsonAsync("/v1/rewards", both);
        JsonNode scored = JsonNode.Parse(await rewards.Content.ReadAsStringAsync())!;
        double more = (double)scored["data"]![0]!["reward"]! - (double)scored["data"]![1]!["reward"]!;
        string choice = more > 0.1 ? "left" : more < -0.1 ? "right" : "tie";
        using HttpResponseMessage vote =
            await client.PostAsJsonAsync("/arena/votes", new { battle = (string)events[^1]["battle"]!, vote = choice });
        vote.EnsureSuccessStatusCode();
    }

    /// <param name="address">Null for what the page shows already.</param>
    /// <param name="from">A heading that is to be at the top.</param>
    private static async Task Take(IPage page, string? address, string name, int height = 330, string? from = null)
    {
        await page.SetViewportSizeAsync(page.ViewportSize!.Width, height);
        if (address is not null)
        {
            await page.GotoAsync(address);
            await Assertions.Expect(page.Locator("#fresh")).ToHaveTextAsync("live");
        }
        if (from is not null) await page.GetByRole(AriaRole.Heading, new() { Name = from }).EvaluateAsync("e => e.scrollIntoView()");
        await page.ScreenshotAsync(new() { Path = Path.Combine(Folder(), $"{name}.png") });
    }

    private static string Folder([System.Runtime.CompilerServices.CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "../../docs/images"));
}
