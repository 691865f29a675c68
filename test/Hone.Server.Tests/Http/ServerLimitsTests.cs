using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;

namespace Hone.Server.Tests;

public sealed partial class ServerLimitsTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Completions = "/v1/completions";

    /// <summary>Some seconds of work: as many tokens as one request may ask for.</summary>
    private static readonly string s_long = new JsonObject
    {
        ["model"] = "tiny", ["prompt"] = new JsonArray([.. Enumerable.Repeat(0, 40).Select((_, i) => (JsonNode)$"garden {i}")]),
        ["max_tokens"] = 200, ["n"] = 128, ["logit_bias"] = Never(),
    }.ToJsonString();

    [Fact]
    public async Task More_requests_than_there_are_places_are_told_to_come_again()
    {
        await using WebApplication small = await Start(new ServerLimits { Requests = 2 });
        using var client = new HttpClient { BaseAddress = new Uri(small.Urls.Single()) };
        using var leave = new CancellationTokenSource();
        Task[] busy = [.. Enumerable.Range(0, 2).Select(_ => client.PostAsync(Completions, Json(s_long), leave.Token))];
        await Until(client, waitingAndRunning: 2);
        var clock = Stopwatch.StartNew();
        HttpResponseMessage[] refused = await Task.WhenAll(Enumerable.Range(0, 20)
            .Select(_ => client.PostAsync(Completions, Json("""{"model":"tiny","prompt":"a","max_tokens":1}"""))));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1), $"{clock.Elapsed}");
        Assert.All(refused, r => Assert.Equal((HttpStatusCode)429, r.StatusCode));
        Assert.All(refused, r => Assert.Equal(TimeSpan.FromSeconds(1), r.Headers.RetryAfter!.Delta));
        Assert.Contains("rate_limit_error", await refused[0].Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await leave.CancelAsync();
        await Task.WhenAll(busy).ContinueWith(_ => { }, TaskScheduler.Default);
        // The clients have left, and with them their work.
        await Until(client, waitingAndRunning: 0);
        using HttpResponseMessage served =
            await client.PostAsync(Completions, Json("""{"model":"tiny","prompt":"a","max_tokens":1}"""));
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_request_that_takes_too_long_is_ended(bool stream)
    {
        await using WebApplication hasty = await Start(new ServerLimits { RequestTime = TimeSpan.FromSeconds(0.5) });
        using var client = new HttpClient { BaseAddress = new Uri(hasty.Urls.Single()) };
        JsonObject body = JsonNode.Parse(s_long)!.AsObject();
        body["stream"] = stream;
        using HttpResponseMessage response = await client.PostAsync(Completions, Json(body.ToJsonString()));
        string text = await response.Content.ReadAsStringAsync();
        Assert.Contains("longer than", text, StringComparison.Ordinal);
        if (!stream) Assert.Equal(HttpStatusCode.GatewayTimeout, response.StatusCode);
        else Assert.EndsWith("\"code\":\"timeout\"}}\n\ndata: [DONE]\n\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_product_of_prompts_answers_and_lengths_is_bounded()
    {
        JsonObject body = JsonNode.Parse(s_long)!.AsObject();
        body["prompt"] = new JsonArray([.. Enumerable.Repeat(0, 1024).Select(_ => (JsonNode)"a")]);
        (int status, JsonNode answer) = await server.Post(Completions, body.ToJsonString());
        Assert.Equal((400, "request_too_large"), (status, (string?)answer["error"]!["code"]));
        Assert.Contains("26214400 tokens (1024 prompts, n 128", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_temperature_that_no_float_can_hold_harms_nobody()
    {
        Task<JsonNode>[] both =
        [
            server.Done(Completions, """{"model":"tiny","prompt":"a garden","max_tokens":20,"temperature":1e-300}"""),
            server.Done(Completions, """{"model":"tiny","prompt":"a garden","max_tokens":20,"temperature":0}"""),
        ];
        string[] texts = [.. (await Task.WhenAll(both)).Select(a => (string)a["choices"]![0]!["text"]!)];
        Assert.Equal(texts[1], texts[0]);
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_frees_its_place()
    {
        await using WebApplication hasty = await Start(new ServerLimits { Requests = 1, BodyTime = TimeSpan.FromSeconds(0.5) });
        var address = new Uri(hasty.Urls.Single());
        using var slow = new TcpClient();
        await slow.ConnectAsync(IPAddress.Loopback, address.Port);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {Completions} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"));
        using var reader = new StreamReader(slow.GetStream());
        Assert.Equal("HTTP/1.1 408 Request Timeout", await reader.ReadLineAsync());
        using var client = new HttpClient { BaseAddress = address };
        using HttpResponseMessage served =
            await client.PostAsync(Completions, Json("""{"model":"tiny","prompt":"a","max_tokens":1}"""));
        Assert.Equal(HttpStatusCode.OK, served.StatusCode);
    }

    [Theory]
    [InlineData(5, true)]
    [InlineData(0.2, false)]
    public async Task Closing_lets_requests_end_or_tells_them(double seconds, bool finishes)
    {
        WebApplication closing = await Start(new ServerLimits { ClosingTime = TimeSpan.FromSeconds(seconds) });
        using var client = new HttpClient { BaseAddress = new Uri(closing.Urls.Single()) };
        string body = finishes ? """{"model":"tiny","prompt":"a","max_tokens":200,"n":16}""" : s_long;
        Task<HttpResponseMessage> asked = client.PostAsync(Completions, Json(body));
        if (!finishes) await Until(client, waitingAndRunning: 1);
        else await Task.Delay(5);
        await closing.StopAsync();
        using HttpResponseMessage response = await asked;
        Assert.Equal(finishes ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable, response.StatusCode);
        await closing.DisposeAsync();
    }

    private static JsonObject Never()
    {
        // Nothing that ends an answer is sampled.
        return new JsonObject { [$"{Hone.Workflow.World.WorldTokenizer.IdOf(Hone.Workflow.World.WorldTokenizer.End)}"] = -100 };
    }

    private async Task<WebApplication> Start(ServerLimits limits)
    {
        WebApplication started = HoneServer.Create(server.Models, IPAddress.Loopback, 0, null, TimeProvider.System, limits);
        await started.StartAsync();
        return started;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    /// <summary>Waits until that many requests are computed.</summary>
    private static async Task Until(HttpClient client, int waitingAndRunning)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            string metrics = await client.GetStringAsync("/metrics");
            if (Gauges().Matches(metrics).Sum(m => int.Parse(m.Groups[1].Value)) == waitingAndRunning) return;
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), metrics);
            await Task.Delay(10);
        }
    }

    [GeneratedRegex(@"^hone_requests_(?:waiting|running) (\d+)$", RegexOptions.Multiline)]
    private static partial Regex Gauges();
}
