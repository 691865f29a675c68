using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Evaluation.Tests;

public sealed class EndpointLanguageModelTests : IDisposable
{
    private const string Models = """{"object":"list","data":[{"id":"m","object":"model","max_model_len":128}]}""";
    private RawServer? _server;

    [Fact]
    public async Task Texts_go_to_completions_and_conversations_to_chat()
    {
        Answer[] answers = await Generate(r => RawReply.Text(200, r.Path.EndsWith("/chat/completions", StringComparison.Ordinal)
            ? Chat("from chat") : Text("from text")),
            Ask("Once"), new GenerateRequest(ModelPrompt.Of([ChatMessage.User("Hi")], "Sure"),
                new GenerateOptions { MaxNewTokens = 9, Temperature = 0.5, Seed = 3, TopP = 0.9, TopLogProbs = 5 }));
        Assert.Equal(["from text", "from chat"], answers.Select(a => a.Text));
        Assert.Equal((7, 2), (answers[0].PromptTokens, answers[0].CompletionTokens));
        JsonNode text = Body("/v1/completions"), chat = Body("/v1/chat/completions");
        Assert.Equal("""{"model":"m","prompt":"Once","max_tokens":5,"temperature":0}""", text.ToJsonString());
        Assert.Equal(
            """{"model":"m","continue_final_message":true,"add_generation_prompt":false,"messages":[{"role":"user","content":"Hi"},"""
            + """{"role":"assistant","content":"Sure"}],"max_tokens":9,"temperature":0.5,"top_p":0.9"""
            + ""","seed":3,"logprobs":true,"top_logprobs":5}""",
            chat.ToJsonString());
        Assert.All(_server!.Requests, r => Assert.Equal("Bearer secret", r.Headers["Authorization"]));
    }

    [Fact]
    public async Task The_likeliest_first_tokens_come_from_either_route()
    {
        Answer[] answers = await Generate(r => RawReply.Text(200, r.Path.EndsWith("/chat/completions", StringComparison.Ordinal)
            ? """{"choices":[{"message":{"content":"m"},"finish_reason":"length","logprobs":{"content":["""
                + """{"token":"m","logprob":-0.1,"top_logprobs":[{"token":"M","logprob":-2.5},{"token":"m","logprob":-0.1}]}]}}]}"""
            : """{"choices":[{"text":"m","finish_reason":"length","logprobs":"""
                + """{"tokens":["m"],"token_logprobs":[-0.1],"top_logprobs":[{"m":-0.1,"M":-2.5}]}}]}"""),
            new GenerateRequest(ModelPrompt.Of("a"), new GenerateOptions { MaxNewTokens = 1, TopLogProbs = 2 }),
            new GenerateRequest(ModelPrompt.Of([ChatMessage.User("a")]), new GenerateOptions { MaxNewTokens = 1, TopLogProbs = 2 }));
        Assert.All(answers, a => Assert.Equal([new TokenLogProb("m", -0.1), new TokenLogProb("M", -2.5)], a.FirstTokens));
    }

    [Fact]
    public async Task Four_stop_strings_are_sent_and_the_answer_is_cut_before_all_of_them()
    {
        Answer[] answers = await Generate(_ => RawReply.Text(200, Text("one five two")),
            new GenerateRequest(ModelPrompt.Of("a"), new GenerateOptions { MaxNewTokens = 5, StopStrings = ["1", "2", "3", "4", "five"] }));
        Assert.Equal(("one ", "stop"), (answers[0].Text, answers[0].FinishReason));
        Assert.Equal(["1", "2", "3", "4"], Body("/v1/completions")["stop"]!.AsArray().Select(s => (string)s!));
    }

    [Fact]
    public async Task A_server_that_fails_in_every_way_answers_each_question_once()
    {
        ConcurrentDictionary<string, int> tries = [];
        ConcurrentDictionary<string, int> answered = [];
        RawReply Answer(RawRequest request)
        {
            string prompt = (string)JsonNode.Parse(request.Body)!["prompt"]!;
            int attempt = tries.AddOrUpdate(prompt, 1, (_, n) => n + 1), kind = (int.Parse(prompt) + attempt) % 7;
            if (attempt < 4)
            {
                switch (kind)
                {
                    case 0: return RawReply.Text(429, """{"error":{"message":"slow down"}}""", ("Retry-After", "0"));
                    case 1: return RawReply.Text(500, "oops");
                    case 2: return RawReply.Text(200, Text("lost")) with { CutAfter = 10 };
                    case 3: return RawReply.Text(200, "<html>not JSON</html>");
                    case 4: return RawReply.Text(200, """{"choices":[]}""");
                    case 5: return RawReply.Text(503, "");
                    default: return RawReply.Text(200, "") with { CutAfter = 0, Announced = 100 };
                }
            }
            answered.AddOrUpdate(prompt, 1, (_, n) => n + 1);
            return RawReply.Text(200, Text($"answer {prompt}")) with { Delay = TimeSpan.FromMilliseconds(int.Parse(prompt) % 5) };
        }
        Answer[] answers = await Generate(Answer, [.. Enumerable.Range(0, 60).Select(i => Ask($"{i}"))]);
        Assert.Equal(Enumerable.Range(0, 60).Select(i => $"answer {i}"), answers.Select(a => a.Text));
        Assert.All(answers, a => Assert.Null(a.Error));
        Assert.All(answered.Values, n => Assert.Equal(1, n));
        Assert.All(tries.Values, n => Assert.Equal(4, n));
    }

    [Fact]
    public async Task A_question_that_fails_in_every_try_is_an_error_and_not_an_answer()
    {
        Answer[] answers = await Generate(r => r.Body.Contains("bad", StringComparison.Ordinal)
            ? RawReply.Text(500, """{"error":{"message":"it broke"}}""") : RawReply.Text(200, Text("fine")), Ask("good"), Ask("bad"));
        Assert.Equal(("fine", null), (answers[0].Text, answers[0].Error));
        Assert.Contains("it broke", answers[1].Error, StringComparison.Ordinal);
        Assert.Equal(4, _server!.Requests.Count(r => r.Body.Contains("bad", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_cannot_pass_is_not_tried_again()
    {
        Answer[] answers = await Generate(r => r.Body.Contains("long", StringComparison.Ordinal)
            ? RawReply.Text(400, """{"error":{"message":"too long"}}""") : RawReply.Text(200, Text("fine")), Ask("long"), Ask("short"));
        Assert.Equal("400 Status: too long", answers[0].Error);
        Assert.Single(_server!.Requests, r => r.Body.Contains("long", StringComparison.Ordinal));
        var e = await Assert.ThrowsAsync<InputException>(() => Generate(_ => RawReply.Text(401, """{"error":{"message":"wrong key"}}"""),
            Ask("a")));
        Assert.Contains("wrong key", e.Message, StringComparison.Ordinal);
        Assert.Contains("OPENAI_API_KEY", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_is_gone_ends_the_run_instead_of_failing_every_question()
    {
        var e = await Assert.ThrowsAsync<IOException>(() => Generate(_ => RawReply.Text(502, "gone"),
            [.. Enumerable.Range(0, 100).Select(i => Ask($"{i}"))]));
        Assert.Contains("in a row", e.Message, StringComparison.Ordinal);
        Assert.InRange(_server!.Requests.Count, 8, 100);
    }

    [Fact]
    public async Task A_newer_model_of_OpenAIs_gets_its_own_name_for_the_length()
    {
        var chat = new GenerateRequest(ModelPrompt.Of([ChatMessage.User("Hi")]), new GenerateOptions { MaxNewTokens = 9 });
        Answer[] answers = await Generate(r => r.Body.Contains("\"max_tokens\"", StringComparison.Ordinal)
            ? RawReply.Text(400, """{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}""")
                : RawReply.Text(200, Chat("ok")), chat);
        Assert.Equal("ok", answers[0].Text);
    }

    [Fact]
    public async Task A_redirect_is_not_followed_so_that_the_key_stays()
    {
        using var elsewhere = new RawServer(_ => RawReply.Text(200, Text("stolen")));
        Answer[] answers = await Generate(_ => RawReply.Text(307, "", ("Location", $"{elsewhere.Address}v1/completions")), Ask("a"));
        Assert.StartsWith("307", answers[0].Error, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    /// <summary>1e999 is a number to JSON and infinite to .NET: writing it down ended the run, and every run after it.</summary>
    [Fact]
    public async Task A_log_probability_that_is_no_number_is_left_out_and_the_reply_is_kept()
    {
        Answer answer = Assert.Single(await Generate(_ => RawReply.Text(200, """
            {"choices":[{"message":{"content":"m"},"logprobs":{"content":[{"token":"m","logprob":-1e999,"top_logprobs":
            [{"token":"m","logprob":-1e999},{"token":"M","logprob":1e999},{"token":"x","logprob":-0.5},{"token":"y","logprob":null}]}]}}],
            "usage":{"prompt_tokens":-5,"completion_tokens":1e9999}}
            """), new GenerateRequest(ModelPrompt.Of([ChatMessage.User("a")]), new GenerateOptions { MaxNewTokens = 1, TopLogProbs = 4 })));
        Assert.Null(answer.Error);
        Assert.Equal([new TokenLogProb("x", -0.5)], answer.FirstTokens);
        Assert.Equal((0, 0), (answer.PromptTokens, answer.CompletionTokens));
        Assert.Equal(answer.FirstTokens, ReplyJson.Answer(
            ReplyJson.Of(answer with { FirstTokens = [new("m", double.NegativeInfinity), .. answer.FirstTokens] })).FirstTokens);
    }

    /// <summary>Some gateways answer 403 to what their moderation does not like.</summary>
    [Fact]
    public async Task A_refused_request_after_others_were_answered_is_that_requests_alone()
    {
        int calls = 0;
        using EndpointLanguageModel model = await Connect(r => Interlocked.Increment(ref calls) == 1
            ? RawReply.Text(200, """{"choices":[{"text":"fine"}]}""") : RawReply.Text(403, """{"error":{"message":"flagged"}}"""));
        // The first is answered before the second is asked.
        CancellationToken cancel = TestContext.Current.CancellationToken;
        Answer first = Assert.Single(await model.GenerateAsync([Ask("one")], cancel).ToListAsync(cancel)).Value;
        Answer second = Assert.Single(await model.GenerateAsync([Ask("two")], cancel).ToListAsync(cancel)).Value;
        Assert.Null(first.Error);
        Assert.Contains("flagged", second.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_continuation_begins_is_told_by_the_tokens_of_the_context_alone()
    {
        // A token reaches over the border between " is" and " blue": the whole has 4 tokens, the context alone 3.
        Likelihood[] scores = await Score(r =>
        {
            Assert.Equal("""["sky is","sky is blue","sky is red"]""", JsonNode.Parse(r.Body)!["prompt"]!.ToJsonString());
            return RawReply.Text(200, """
                {"choices":[
                  {"index":1,"logprobs":{"tokens":["<s>","sky"," i","s blue"],"token_logprobs":[null,-1,-2,-3],
                   "top_logprobs":[null,{"sky":-1},{" i":-2},{"s blue":-3}]}},
                  {"index":0,"logprobs":{"tokens":["<s>","sky"," is"],"token_logprobs":[null,-1,-2],
                   "top_logprobs":[null,{"a":-1},{"a":-2}]}},
                  {"index":2,"logprobs":{"tokens":["<s>","sky"," is"," re","d"],"token_logprobs":[null,-1,-2,-4,-5],
                   "top_logprobs":[null,{"a":-1},{"a":-2},{" re":-4},{"x":-0.5}]}}]}
                """);
        }, new ScoreRequest(ModelPrompt.Of("sky is "), "blue"), new ScoreRequest(ModelPrompt.Of("sky is "), "red"));
        Assert.Equal([new Likelihood(-3) { IsGreedy = true, Tokens = 1 }, new Likelihood(-9) { Tokens = 2 }], scores);
    }

    [Fact]
    public async Task Double_BOS_is_seen()
    {
        Likelihood[] scores = await Score(_ => RawReply.Text(200, """
            {"choices":[{"index":0,"logprobs":{"tokens":["<s>","<s>","a"],"token_logprobs":[null,-1,-1],
                "top_logprobs":[null,{"a":-1},{"a":-1}]}},
                        {"index":1,"logprobs":{"tokens":["<s>","<s>","a","b"],"token_logprobs":[null,-1,-1,-1],
                            "top_logprobs":[null,{"a":-1},{"a":-1},{"b":-1}]}}]}
            """), new ScoreRequest(ModelPrompt.Of("<s>a"), "b"));
        Assert.True(scores[0].DoubleBos);
    }

    [Fact]
    public async Task An_endpoint_without_echo_is_told()
    {
        Likelihood[] scores = await Score(_ => RawReply.Text(200,
            """{"choices":[{"index":0,"text":"x","logprobs":null},{"index":1,"text":"x","logprobs":null}]}"""),
            new ScoreRequest(ModelPrompt.Of("a"), " b"));
        Assert.Contains("not what the API promises", scores[0].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_model_must_be_served()
    {
        var e = await Assert.ThrowsAsync<InputException>(() => Connect(_ => RawReply.Text(200, Text("")), "other"));
        Assert.Contains("serves no model `other`", e.Message, StringComparison.Ordinal);
        Assert.Contains("There are m.", e.Message, StringComparison.Ordinal);
        using EndpointLanguageModel only = await Connect(_ => RawReply.Text(200, Text("")), null);
        Assert.Equal(("m", 128), (only.Info.Name, only.Info.ContextLength));
    }

    [Theory]
    [InlineData("127.0.0.1:8000/v1", "no address")]
    [InlineData("ftp://a/v1", "no address")]
    [InlineData("http://a/v1/chat/completions", "names a route")]
    public void A_wrong_address_is_told(string address, string what) =>
        Assert.Contains(what, Assert.Throws<InputException>(() => EndpointSettings.Address(address)).Message, StringComparison.Ordinal);

    public void Dispose() => _server?.Dispose();

    private static GenerateRequest Ask(string prompt) => new(ModelPrompt.Of(prompt), new GenerateOptions { MaxNewTokens = 5 });

    private static string Text(string text) => new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject { ["text"] = text, ["finish_reason"] = "stop" }),
        ["usage"] = new JsonObject { ["prompt_tokens"] = 7, ["completion_tokens"] = 2 },
    }.ToJsonString();

    private static string Chat(string text) => new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject { ["message"] = new JsonObject { ["content"] = text }, ["finish_reason"] = "stop" }),
    }.ToJsonString();

    private JsonNode Body(string path) => JsonNode.Parse(_server!.Requests.Single(r => r.Path == path).Body)!;

    private async Task<EndpointLanguageModel> Connect(Func<RawRequest, RawReply> answer, string? model = "m")
    {
        _server?.Dispose();
        _server = new RawServer(r => r.Path == "/v1/models" ? RawReply.Text(200, Models) : answer(r));
        return await EndpointLanguageModel.ConnectAsync(new EndpointSettings
        {
            BaseUrl = new Uri(_server.Address, "v1"), Model = model, ApiKey = "secret", Tries = 4,
            RetryDelay = TimeSpan.FromMilliseconds(1), Timeout = TimeSpan.FromSeconds(10),
        }, null, TimeProvider.System, TestContext.Current.CancellationToken);
    }

    private async Task<Answer[]> Generate(Func<RawRequest, RawReply> answer, params GenerateRequest[] requests)
    {
        using EndpointLanguageModel model = await Connect(answer);
        var answers = new Answer[requests.Length];
        await foreach (Reply<Answer> reply in model.GenerateAsync(requests, TestContext.Current.CancellationToken)) answers[reply.Index] =
            reply.Value;
        return answers;
    }

    private async Task<Likelihood[]> Score(Func<RawRequest, RawReply> answer, params ScoreRequest[] requests)
    {
        using EndpointLanguageModel model = await Connect(answer);
        var scores = new Likelihood[requests.Length];
        await foreach (Reply<Likelihood> reply in model.ScoreAsync(requests, TestContext.Current.CancellationToken)) scores[reply.Index] =
            reply.Value;
        return scores;
    }
}
