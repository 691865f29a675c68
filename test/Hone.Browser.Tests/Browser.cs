using Microsoft.Playwright;

// One browser and one server at a time, as on the machine of a user.
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]
[assembly: AssemblyFixture(typeof(Hone.Browser.Tests.Browser))]

namespace Hone.Browser.Tests;

/// <summary>Chromium as the system has it; every test that needs a page is skipped where there is none.</summary>
public sealed class Browser : IAsyncLifetime
{
    private static readonly string[] s_places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private readonly List<(string? Test, IBrowserContext Context)> _contexts = [];
    private string? _missing;

    public async ValueTask InitializeAsync()
    {
        if (s_places.FirstOrDefault(File.Exists) is not { } program)
        {
            _missing = $"there is no chromium at {string.Join(", ", s_places)}";
            return;
        }
        try
        {
            _playwright = await Playwright.CreateAsync();
            _browser = await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox"] });
        }
        catch (Exception e) when (e is PlaywrightException or System.ComponentModel.Win32Exception or FileNotFoundException)
        {
            _missing = $"chromium does not start: {e.Message}";
        }
    }

    /// <summary>A page of its own, with nothing kept from others.</summary>
    public async Task<IPage> Page(int width = 1280, int height = 900, ColorScheme scheme = ColorScheme.Light)
    {
        Assert.SkipWhen(_browser is null, _missing ?? "");
        // A page that a test has left would go on looking at its server: another process of Chromium for each.
        string? test = TestContext.Current.Test?.UniqueID;
        foreach ((_, IBrowserContext left) in _contexts.Where(c => c.Test != test).ToArray()) await left.CloseAsync();
        _contexts.RemoveAll(c => c.Test != test);
        IBrowserContext context = await _browser!.NewContextAsync(new()
        {
            ViewportSize = new() { Width = width, Height = height }, ColorScheme = scheme, ReducedMotion = ReducedMotion.Reduce,
        });
        _contexts.Add((test, context));
        IPage page = await context.NewPageAsync();
        // Long enough for a machine that others use too.
        page.SetDefaultTimeout(30_000);
        Assertions.SetDefaultExpectTimeout(20_000);
        return page;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
