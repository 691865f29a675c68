using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server.Tests;

public sealed class HoneServerTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Completions = "/v1/completions", Chat = "/v1/chat/completions";

    [Fact]
    public async Task Greedy_text_and_log_probabilities_are_those_of_the_engine()
    {
        using LanguageModel model = LanguageModel.FromPretrained(server.Folder);
        int[] prompt = model.Tokenizer.Encode("my garden", addSpecial: true);
        Completion expected = model.Generate(prompt, new SamplingOptions { MaxNewTokens = 12 });
        JsonNode answer =
            await server.Done(Completions, """{"model":"tiny","prompt":"my garden","max_tokens":12,"temperature":0,"logprobs":3}""");
        JsonNode choice = answer["choices"]![0]!;
        Assert.Equal(model.Decode(expected.Ids), (string)choice["text"]!);
        Assert.Equal(expected.FinishReason, (string)choice["finish_reason"]!);
        Assert.Equal((prompt.Length, expected.Ids.Length),
            ((int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["completion_tokens"]!));
        double[] logProbs = [.. choice["logprobs"]!["token_logprobs"]!.AsArray().Select(p => (double)p!)];
        Assert.Equal(expected.LogProbs.Take(logProbs.Length).Select(p => (double)p),
            logProbs, (double a, double b) => Math.Abs(a - b) < 1e-4);
        // greedy takes the likeliest
        Assert.All(choice["logprobs"]!["top_logprobs"]!.AsArray().Zip(logProbs),
            t => Assert.Equal(t.Second, t.First!.AsObject().Max(x => (double)x.Value!), 1e-6));
        int[] ids = [.. prompt, .. expected.Ids];
        JsonNode again = await server.Done(Completions,
            $$"""{"model":"tiny","prompt":[{{string.Join(',', prompt)}}],"max_tokens":12,"temperature":0}""");
        Assert.Equal((string)choice["text"]!, (string)again["choices"]![0]!["text"]!);
    }

    [Fact]
    public async Task Echo_scores_every_token_of_each_prompt_and_samples_nothing()
    {
        using LanguageModel model = LanguageModel.FromPretrained(server.Folder);
        string[] prompts = ["my garden", "my garden is small", "my dog"];
        JsonNode answer = await server.Done(Completions, """{"model":"tiny","prompt":["my garden","my garden is small","my dog"]"""
            + ""","max_tokens":0,"echo":true,"logprobs":1,"temperature":0}""");
        Assert.Equal(0, (int)answer["usage"]!["completion_tokens"]!);
        for (int i = 0; i < prompts.Length; i++)
        {
            JsonNode choice = answer["choices"]![i]!, scores = choice["logprobs"]!;
            int[] ids = model.Tokenizer.Encode(prompts[i], addSpecial: true);
            Assert.Equal(prompts[i], (string)choice["text"]!);
            Assert.Equal(ids.Length, scores["tokens"]!.AsArray().Count);
            Assert.Null(scores["token_logprobs"]![0]);
            for (int t = 1; t < ids.Length; t++)
            {
                // The engine's own distribution after the tokens before, asked for by sampling one token at each place.
                JsonNode next = await server.Done(Completions,
                    $$"""{"model":"tiny","prompt":[{{string.Join(',', ids[..t])}}],"max_tokens":1,"temperature":0,"logprobs":20}""");
                JsonObject top = next["choices"]![0]!["logprobs"]!["top_logprobs"]?[0]?.AsObject() ?? [];
                if (top.TryGetPropertyValue((string)scores["tokens"]![t]!, out JsonNode? own))
                    Assert.Equal((double)own!, (double)scores["token_logprobs"]![t]!, 1e-4);
            }
        }
    }

    [Fact]
    public async Task A_stop_string_ends_an_answer_and_is_not_in_it()
    {
        string whole = (string)(await server.Done(Completions,
            """{"model":"tiny","prompt":"a","max_tokens":40,"temperature":0}"""))["choices"]![0]!["text"]!;
        string stop = whole.Substring(whole.Length / 2, 2);
        var body = new JsonObject { ["model"] = "tiny", ["prompt"] = "a", ["max_tokens"] = 40, ["temperature"] = 0, ["stop"] = stop };
        JsonNode cut = (await server.Done(Completions, body.ToJsonString()))["choices"]![0]!;
        Assert.Equal((whole[..whole.IndexOf(stop, StringComparison.Ordinal)], "stop"),
            ((string)cut["text"]!, (string)cut["finish_reason"]!));
    }

    [Fact]
    public async Task Requests_side_by_side_get_what_each_gets_alone()
    {
        string Body(int i) => new JsonObject
        {
            ["model"] = "tiny", ["prompt"] = $"number {i}", ["max_tokens"] = 10 + (i % 7),
            ["temperature"] = 1, ["seed"] = i, ["n"] = 1 + (i % 3),
        }.ToJsonString();
        string Texts(JsonNode answer) => string.Join('|', answer["choices"]!.AsArray().Select(c => (string)c!["text"]!));
        string[] alone = new string[24];
        for (int i = 0; i < alone.Length; i++) alone[i] = Texts(await server.Done(Completions, Body(i)));
        string[] together =
            [.. (await Task.WhenAll(Enumerable.Range(0, alone.Length).Select(i => server.Done(Completions, Body(i))))).Select(Texts)];
        Assert.Equal(alone, together);
        Assert.True(alone.Distinct().Count() > 20);
    }

    [Fact]
    public async Task A_chat_goes_through_the_models_template_and_can_begin_the_answer()
    {
        JsonNode own =
            await server.Done(Chat, """{"model":"tiny","messages":[{"role":"user","content":"hello"}],"max_tokens":6,"temperature":0}""");
        using LanguageModel model = LanguageModel.FromPretrained(server.Folder);
        int[] prompt = model.ApplyChatTemplate([Text.ChatMessage.User("hello")], addGenerationPrompt: true);
        Assert.Equal(model.Decode(model.Generate(prompt, new SamplingOptions { MaxNewTokens = 6 }).Ids),
            (string)own["choices"]![0]!["message"]!["content"]!);
        Assert.Equal(prompt.Length, (int)own["usage"]!["prompt_tokens"]!);
        JsonNode parts = await server.Done(Chat,
            """{"model":"tiny","messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"well"}]"""
                + ""","max_tokens":6,"temperature":0,"continue_final_message":true,"add_generation_prompt":false}""");
        Assert.Equal(prompt.Length + model.Tokenizer.Encode("well").Length, (int)parts["usage"]!["prompt_tokens"]!);
    }

    [Theory]
    [InlineData(Completions, "[1]", null, "JSON object")]
    [InlineData(Completions, """{"model":"tiny"}""", "prompt", "is needed")]
    [InlineData(Completions, """{"prompt":"a"}""", "model", "is needed")]
    [InlineData(Completions, """{"model":"tiny","prompt":[]}""", "prompt", "1 to 1024")]
    [InlineData(Completions, """{"model":"tiny","prompt":[99999]}""", "prompt", "token ids from 0")]
    [InlineData(Completions, """{"model":"tiny","prompt":[[]]}""", "prompt", "no tokens")]
    [InlineData(Completions, """{"model":"tiny","prompt":{"a":1}}""", "prompt", "a text, token ids")]
    [InlineData(Completions, """{"model":"tiny","prompt":"\ud800"}""", "prompt", "surrogate")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","max_tokens":0}""", "max_tokens", "nothing would come back")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","max_tokens":1000000}""", "max_tokens", "context is 256")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","max_tokens":1.5}""", "max_tokens", "whole number")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","temperature":-1}""", "temperature", "from 0 to 2")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","stop":""}""", "stop", "1 to 1000 characters")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","stream":1}""", "stream", "true or false")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","stream_options":{"include_usage":true}}""",
        "stream_options", "needs `stream`")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","frequency_penalty":2.5}""", "frequency_penalty", "from -2 to 2")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","logit_bias":{"99999":1}}""", "logit_bias", "token ids from 0")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","logit_bias":{"1":101}}""", "logit_bias", "-100 to 100")]
    [InlineData(Completions, """{"model":"reward","prompt":"a"}""", "model", "is a reward model")]
    [InlineData("/v1/rewards", """{"model":"tiny","messages":[]}""", "model", "is a language model")]
    [InlineData("/v1/rewards", """{"model":"reward","messages":[{"role":"user","content":"a"}]}""", "messages", "must end with an answer")]
    [InlineData("/tokenize", """{"model":"tiny"}""", "prompt", "is needed")]
    [InlineData("/detokenize", """{"model":"tiny","tokens":["a"]}""", "tokens", "token ids from 0")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","guided_grammar":"a"}""", "guided_grammar", "not known")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","guided_json":{"type":"x"}}""", "guided_json", "type")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","guided_regex":"(?=a)"}""", "guided_regex", "not supported")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","guided_regex":"a","guided_choice":["b"]}""", "guided_choice", "one format")]
    [InlineData(Completions, """{"model":"tiny","prompt":"a","model":"tiny"}""", null, "not valid JSON")]
    [InlineData(Chat, """{"model":"tiny","messages":[]}""", "messages", "at least one")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"king","content":"a"}]}""", "messages[0].role", "system, developer")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user"}]}""", "messages[0].content", "a text")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url"}]}]}""",
        "messages[0].content", "type `text`")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":"a"}],"top_logprobs":3}""",
        "top_logprobs", "needs `logprobs`")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function"}]}""",
        "tools[0]", "an object with a `function`")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":"a"}],"tool_choice":"required"}""",
        "tool_choice", "no call can be forced")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":"a","name":"\ud800"}]}""", "messages", "surrogate")]
    [InlineData(Chat, """{"model":"tiny","messages":[{"role":"user","content":"a"}],"response_format":{"type":"xml"}}""",
        "response_format.type", "json_schema")]
    [InlineData(Chat, """
        {"model":"tiny","messages":[{"role":"user","content":"a"}],
         "response_format":{"type":"json_schema","json_schema":{"schema":{"not":{}}}}}
        """,
        "response_format", "`not`")]
    public async Task A_wrong_request_is_refused_in_OpenAIs_format(string route, string body, string? param, string what)
    {
        (int status, JsonNode answer) = await server.Post(route, body);
        Assert.Equal(400, status);
        Assert.Equal(("invalid_request_error", param), ((string?)answer["error"]!["type"], (string?)answer["error"]!["param"]));
        Assert.Contains(what, (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        await server.Done(Completions, """{"model":"tiny","prompt":"a","max_tokens":1}"""); // and the next one is served
    }

    [Fact]
    public async Task Routes_methods_and_models_that_are_not_there_are_told()
    {
        Assert.Equal(404, (await server.Post("/v1/images", "{}")).Status);
        (int status, JsonNode refused) = await server.Post("/v1/embeddings", "{}");
        Assert.Equal((400, "this server makes no embeddings"), (status, (string?)refused["error"]!["message"]));
        Assert.Equal(404, (await server.Post(Completions, """{"model":"gpt-4","prompt":"a"}""")).Status);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.Client.GetAsync(Chat)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await server.Client.GetAsync("/v1/models/gpt-4")).StatusCode);
        Assert.Equal("tiny", (string)JsonNode.Parse(await server.Client.GetStringAsync("/v1/models/tiny"))!["id"]!);
    }

    [Fact]
    public async Task A_page_in_a_browser_does_not_reach_the_model()
    {
        using var text = new StringContent("""{"model":"tiny","prompt":"a"}""", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await server.Client.PostAsync(Completions, text)).StatusCode);
        using var foreign = new HttpRequestMessage(HttpMethod.Get, "/v1/models") { Headers = { Host = "rebound.example" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await server.Client.SendAsync(foreign)).StatusCode);
    }

    [Fact]
    public async Task A_body_of_33_MiB_is_refused()
    {
        using var content =
            new StringContent($$"""{"model":"tiny","prompt":"{{new string('a', 33 << 20)}}"}""", Encoding.UTF8, "application/json");
        // asks before it sends
        using var request = new HttpRequestMessage(HttpMethod.Post, Completions) { Content = content, Headers = { ExpectContinue = true } };
        using HttpResponseMessage response = await server.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Contains("32 MiB", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_asked_for_and_other_machines_need_one()
    {
        Assert.Contains("HONE_API_KEY", Assert.Throws<InputException>(
            () => HoneServer.Create(server.Models, IPAddress.Any, 0, null, TimeProvider.System)).Message, StringComparison.Ordinal);
        await using var guarded = HoneServer.Create(server.Models, IPAddress.Loopback, 0, "open sesame", TimeProvider.System);
        await guarded.StartAsync();
        using var client = new HttpClient { BaseAddress = new Uri(guarded.Urls.Single()) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models")).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "open sesame");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models")).StatusCode);
    }
}
