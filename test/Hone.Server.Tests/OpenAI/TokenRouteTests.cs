using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server.Tests;

public sealed class TokenRouteTests(TestServer server) : IClassFixture<TestServer>
{
    private const string Route = "/inference/v1/generate";

    [Fact]
    public async Task Answers_are_those_of_the_engine_to_the_last_bit()
    {
        int[] prompt = [1, 5, 9, 12];
        using PretrainedModel model = PretrainedModel.OpenLanguageModel(server.Folder, ComputeTarget.Parse("cpu", "float32"));
        IReadOnlyList<Completion> expected = model.CreateEngine().Generate(
        [
            new GenerationRequest(prompt, new SamplingOptions
            {
                DoSample = true, Temperature = 0.7, TopP = 0.9, TopK = 40, MaxNewTokens = 20, Seed = ulong.MaxValue - 5,
            }, 3),
        ]);
        JsonNode answer = await server.Done(Route, """
            {"model":"tiny","token_ids":[1,5,9,12],"cache_salt":"v1","sampling_params":
             {"n":3,"temperature":0.7,"top_p":0.9,"top_k":40,"max_tokens":20,"seed":-6,"logprobs":0,"stop_token_ids":[]}}
            """);
        JsonArray choices = answer["choices"]!.AsArray();
        Assert.Equal(expected.Select(e => (e.AnswerIndex, e.FinishReason)),
            choices.Select(c => ((int)c!["index"]!, (string)c["finish_reason"]!)));
        Assert.Equal(expected.Select(e => e.Ids), choices.Select(c => c!["token_ids"]!.AsArray().Select(id => (int)id!).ToArray()));
        Assert.Equal(expected.Select(e => e.LogProbs),
            choices.Select(c => c!["logprobs"]!["content"]!.AsArray().Select(t => (float)t!["logprob"]!).ToArray()));
        Assert.Null(answer["weight_version"]);
    }

    [Theory]
    [InlineData("""{"model":"tiny","sampling_params":{"max_tokens":4}}""", "token_ids")]
    [InlineData("""{"model":"tiny","token_ids":[1]}""", "sampling_params")]
    [InlineData("""{"model":"tiny","token_ids":[],"sampling_params":{"max_tokens":4}}""", "token_ids")]
    [InlineData("""{"model":"tiny","token_ids":[-1],"sampling_params":{"max_tokens":4}}""", "token_ids")]
    [InlineData("""{"model":"tiny","token_ids":[1],"sampling_params":{}}""", "sampling_params")]
    [InlineData("""{"model":"tiny","token_ids":[1],"sampling_params":{"max_tokens":4,"logprobs":5}}""", "logprobs")]
    [InlineData("""{"model":"tiny","token_ids":[1],"sampling_params":{"max_tokens":4,"stop_token_ids":[3]}}""", "stop_token_ids")]
    [InlineData("""{"model":"tiny","token_ids":[1],"sampling_params":{"max_tokens":4,"ignore_eos":true}}""", "ignore_eos")]
    [InlineData("""{"model":"tiny","token_ids":[1],"sampling_params":{"max_tokens":4,"bad_words":["x"]}}""", "bad_words")]
    [InlineData("""{"model":"tiny","token_ids":[1],"stream":true,"sampling_params":{"max_tokens":4}}""", "stream")]
    [InlineData("""{"model":"reward","token_ids":[1],"sampling_params":{"max_tokens":4}}""", "model")]
    public async Task What_is_not_supported_is_refused_by_name(string body, string param)
    {
        (int status, JsonNode answer) = await server.Post(Route, body);
        Assert.Equal((400, param), (status, (string?)answer["error"]!["param"]));
    }

    /// <summary>The token that ended an answer had no log-probability beside its id.</summary>
    [Fact]
    public async Task Texts_with_token_ids_have_a_log_probability_for_each()
    {
        bool ended = false;
        for (int seed = 0; seed < 20; seed++)
        {
            JsonNode answer = await server.Done("/v1/completions", $$"""
                {"model":"tiny","prompt":[1,5],"n":4,"max_tokens":60,"seed":{{seed}},"logprobs":0,"return_token_ids":true}
                """);
            foreach (JsonNode? choice in answer["choices"]!.AsArray())
            {
                Assert.Equal(choice!["token_ids"]!.AsArray().Count, choice["logprobs"]!["token_logprobs"]!.AsArray().Count);
                ended |= (string?)choice["finish_reason"] == "stop";
            }
        }
        Assert.True(ended, "no answer has ended: the test shows nothing");
    }
}
