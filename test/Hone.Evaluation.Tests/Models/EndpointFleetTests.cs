using System.Collections.Concurrent;
using System.Text.Json.Nodes;

namespace Hone.Evaluation.Tests;

/// <summary>One model behind several endpoints, of which some fail: every question is answered once, by whoever is there.</summary>
public sealed class EndpointFleetTests : IDisposable
{
    private readonly ConcurrentQueue<string> _said = new();
    private readonly List<RawServer> _servers = [];

    [Fact]
    public async Task Questions_are_spread_and_each_is_asked_once()
    {
        RawServer[] servers = [Server(Answers), Server(Answers)];
        using EndpointFleet model = await Connect(servers);
        AssertAnswers(await Generate(model, 40));
        Assert.All(servers, s => Assert.InRange(Asked(s).Length, 1, 39));
        Assert.Equal(40, servers.SelectMany(Asked).Distinct().Count());
        Assert.Equal(40, servers.Sum(s => Asked(s).Length));
        Assert.Empty(_said);
    }

    [Fact]
    public async Task What_a_killed_endpoint_was_asked_is_asked_of_the_other()
    {
        RawServer? killed = null;
        int given = 0;
        killed = Server(r =>
        {
            if (Interlocked.Increment(ref given) == 6) _ = Task.Run(killed!.Dispose);
            return Answers(r) with { Delay = TimeSpan.FromMilliseconds(given < 6 ? 1 : 5000) };
        });
        RawServer other = Server(r => Answers(r) with { Delay = TimeSpan.FromMilliseconds(20) });
        using EndpointFleet model = await Connect([killed, other]);
        AssertAnswers(await Generate(model, 60));
        Assert.InRange(given, 6, 5 + 4); // four at a time: what was under way is all that is asked anew
        Assert.InRange(Asked(other).Length, 60 - 9, 60);
        Assert.Contains(_said, s => s.Contains("is asked again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_at_first_is_left_out_and_said()
    {
        RawServer gone = Server(Answers), there = Server(Answers);
        Uri address = gone.Address;
        gone.Dispose();
        using EndpointFleet model = await Connect([there.Address, address]);
        AssertAnswers(await Generate(model, 10));
        Assert.Contains(_said, s => s.Contains($"worker {address}v1 is left out for now", StringComparison.Ordinal));
    }

    /// <summary>A redirect, a wrong key, a route that is not there, errors without end: the other one answers all.</summary>
    [Theory]
    [InlineData(307)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(500)]
    public async Task What_one_endpoint_cannot_answer_the_other_does(int status)
    {
        RawServer bad = Server(_ => RawReply.Text(status, "no")), good = Server(Answers);
        using EndpointFleet model = await Connect([bad, good]);
        AssertAnswers(await Generate(model, 30));
        Assert.Equal(30, Asked(good).Length);
    }

    [Fact]
    public async Task A_question_that_is_refused_or_fails_everywhere_is_an_error_and_the_others_are_answered()
    {
        RawReply Answer(RawRequest r) => Prompt(r) switch
        {
            "3" => RawReply.Text(400, """{"error":{"message":"too long"}}"""),
            "5" => RawReply.Text(500, """{"error":{"message":"it broke"}}"""),
            _ => Answers(r),
        };
        RawServer[] servers = [Server(Answer), Server(Answer)];
        using EndpointFleet model = await Connect(servers);
        Answer[] answers = await Generate(model, 12);
        Assert.Contains("too long", answers[3].Error, StringComparison.Ordinal);
        Assert.Contains("it broke", answers[5].Error, StringComparison.Ordinal);
        Assert.All(answers.Where((_, i) => i is not (3 or 5)), a => Assert.Null(a.Error));
        Assert.Equal((1, 4), (servers.SelectMany(Asked).Count(p => p == "3"), servers.SelectMany(Asked).Count(p => p == "5")));
    }

    [Fact]
    public async Task An_endpoint_that_refuses_everything_ends_the_run_by_name()
    {
        RawServer bad = Server(_ => RawReply.Text(400, """{"error":{"message":"unknown parameter"}}""")),
            good = Server(r => Answers(r) with { Delay = TimeSpan.FromMilliseconds(50) });
        using EndpointFleet model = await Connect([bad, good]);
        var e = await Assert.ThrowsAsync<InputException>(() => Generate(model, 60));
        Assert.Contains($"{bad.Address}v1 refused 8 requests in a row", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_endpoint_left_the_run_ends_and_names_each()
    {
        RawServer[] servers = [Server(_ => RawReply.Text(502, "gone")), Server(_ => RawReply.Text(503, "away"))];
        using EndpointFleet model = await Connect(servers);
        var e = await Assert.ThrowsAsync<InputException>(() => Generate(model, 50));
        Assert.All(servers, s => Assert.Contains($"{s.Address}v1: 50", e.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Choices_of_a_question_are_scored_together()
    {
        RawReply Echo(RawRequest r)
        {
            string[] prompts = [.. JsonNode.Parse(r.Body)!["prompt"]!.AsArray().Select(p => (string)p!)];
            return RawReply.Text(200, new JsonObject
            {
                ["choices"] = new JsonArray([.. prompts.Select((p, i) => new JsonObject
                {
                    ["index"] = i,
                    ["logprobs"] = new JsonObject
                    {
                        ["tokens"] = new JsonArray([.. p.Split(' ').Select(w => (JsonNode)w)]),
                        ["token_logprobs"] = new JsonArray([.. p.Split(' ').Select((w, at) => at == 0 ? null : (JsonNode)(-w.Length))]),
                        ["top_logprobs"] = new JsonArray([.. p.Split(' ').Select((w, at) => at == 0 ? null : new JsonObject { [w] = -1 })]),
                    },
                })]),
            }.ToJsonString());
        }
        RawServer[] servers = [Server(Echo), Server(_ => RawReply.Text(500, "no"))];
        using EndpointFleet model = await Connect(servers);
        ScoreRequest[] requests = [.. Enumerable.Range(0, 9).SelectMany(q => new[] { " a", " bbb" }
            .Select(c => new ScoreRequest(ModelPrompt.Of($"question {q}"), c)))];
        var scores = new Likelihood[requests.Length];
        await foreach (Reply<Likelihood> reply in model.ScoreAsync(requests, Cancel)) scores[reply.Index] = reply.Value;
        Assert.Equal(Enumerable.Range(0, 18).Select(i => i % 2 == 0 ? -1.0 : -3.0), scores.Select(s => s.LogProb));
        Assert.Equal(9, Asked(servers[0]).Length);
    }

    [Fact]
    public async Task Endpoints_that_do_not_fit_together_are_refused()
    {
        RawServer a = Server(Answers), b = Server(Answers, "other");
        async Task<string> Refused(params Uri[] addresses) =>
            (await Assert.ThrowsAsync<InputException>(() => Connect(addresses))).Message;
        Assert.Contains($"{a.Address}v1 serves `m`, and {b.Address}v1 `other`",
            await Refused(a.Address, b.Address), StringComparison.Ordinal);
        Assert.Contains("is there twice", await Refused(a.Address, a.Address), StringComparison.Ordinal);
        Uri[] gone = [a.Address, b.Address];
        a.Dispose();
        b.Dispose();
        string none = await Refused(gone);
        Assert.Contains("none of 2 endpoints answers", none, StringComparison.Ordinal);
        Assert.All(gone, g => Assert.Contains($"{g}v1", none, StringComparison.Ordinal));
    }

    public void Dispose() => _servers.ForEach(s => s.Dispose());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private RawServer Server(Func<RawRequest, RawReply> answer, string model = "m")
    {
        var server = new RawServer(r => r.Path == "/v1/models"
            ? RawReply.Text(200, $$"""{"data":[{"id":"{{model}}","max_model_len":128}]}""") : answer(r));
        _servers.Add(server);
        return server;
    }

    private static RawReply Answers(RawRequest request) => RawReply.Text(200, $$"""{"choices":[{"text":"answer {{Prompt(request)}}"}]}""");

    private static string Prompt(RawRequest request) => JsonNode.Parse(request.Body)!["prompt"]!.ToString();

    private static string[] Asked(RawServer server) => [.. server.Requests.Where(r => r.Method == "POST").Select(Prompt)];

    private static void AssertAnswers(Answer[] answers) =>
        Assert.Equal(Enumerable.Range(0, answers.Length).Select(i => $"answer {i}"), answers.Select(a => a.Error ?? a.Text));

    private static async Task<Answer[]> Generate(EndpointFleet model, int count)
    {
        var answers = new Answer[count];
        GenerateRequest[] requests = [.. Enumerable.Range(0, count)
            .Select(i => new GenerateRequest(ModelPrompt.Of($"{i}"), new GenerateOptions { MaxNewTokens = 5 }))];
        await foreach (Reply<Answer> reply in model.GenerateAsync(requests, Cancel))
        {
            Assert.Null(answers[reply.Index]);
            answers[reply.Index] = reply.Value;
        }
        return answers;
    }

    private Task<EndpointFleet> Connect(RawServer[] servers) => Connect([.. servers.Select(s => s.Address)]);

    private Task<EndpointFleet> Connect(Uri[] addresses) => EndpointFleet.ConnectAsync([.. addresses.Select(a => new EndpointSettings
    {
        BaseUrl = new Uri(a, "v1"), Concurrency = 4, RetryDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(20),
    })], null, _said.Enqueue, TimeProvider.System, Cancel);
}
