using System.Net;
using Hone.Runs.Tests;
using Microsoft.AspNetCore.Builder;

namespace Hone.Server.Tests;

public sealed class BoardServerTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly HttpClient _client = new();
    private GrowingRun? _run;
    private WebApplication? _server;

    public async ValueTask InitializeAsync()
    {
        _run = new GrowingRun(_folder.File("now"));
        _run.Step("sft", 1, 2.5);
        _server = await BoardServer.StartAsync(_folder.Path, 0, orAnother: false);
        _client.BaseAddress = new Uri(_server.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _run!.Dispose();
        _client.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Pages_are_answered_for_this_machine_only()
    {
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(_client.BaseAddress!.Host)));
        using HttpResponseMessage page = await _client.GetAsync("/run/now");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("default-src 'none'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/", ("Origin", "https://evil.example")));
        Assert.Equal(HttpStatusCode.Forbidden, await Status("/", ("Host", "rebound.example")));
        Assert.Equal(HttpStatusCode.OK, await Status("/", ("Host", "localhost")));
    }

    [Theory]
    [InlineData("/../../etc/passwd")]
    [InlineData("/run/%2e%2e/%2e%2e/etc/passwd")]
    [InlineData("/run/..%2f..%2fetc%2fpasswd")]
    [InlineData("/run/now/manifest.json")]
    [InlineData("/board.js/x")]
    public async Task No_address_is_a_path(string path) => Assert.Equal(HttpStatusCode.NotFound, await Status(path));

    [Fact]
    public async Task Nothing_can_be_sent()
    {
        using var body = new StringContent("x");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.PostAsync("/", new StringContent(""))).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await _client.DeleteAsync("/run/now")).StatusCode);
    }

    [Fact]
    public async Task What_a_browser_has_is_not_sent_again()
    {
        using HttpResponseMessage first = await _client.GetAsync("/run/now/curves");
        string tag = first.Headers.ETag!.ToString();
        Assert.Equal(HttpStatusCode.NotModified, await Status("/run/now/curves", ("If-None-Match", tag)));
        _run!.Step("sft", 2, 2.25);
        Assert.Equal(HttpStatusCode.OK, await Status("/run/now/curves", ("If-None-Match", tag)));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_or_left_for_another()
    {
        int taken = _client.BaseAddress!.Port;
        await using WebApplication other = await BoardServer.StartAsync(_folder.Path, taken, orAnother: true);
        Assert.NotEqual(taken, new Uri(other.Urls.Single()).Port);
        await Assert.ThrowsAsync<InputException>(() => BoardServer.StartAsync(_folder.Path, taken, orAnother: false));
    }

    private async Task<HttpStatusCode> Status(string path, params (string Name, string Value)[] headers)
    {
        // As it is, dots and all.
        using var request = new HttpRequestMessage(HttpMethod.Get,
            new Uri(_client.BaseAddress + path[1..], new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        foreach ((string name, string value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await _client.SendAsync(request);
        return response.StatusCode;
    }
}
