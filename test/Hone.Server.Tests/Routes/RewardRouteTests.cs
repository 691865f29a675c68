using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Inference;

namespace Hone.Server.Tests;

public sealed class RewardRouteTests(TestServer server) : IClassFixture<TestServer>
{
    [Fact]
    public async Task Rewards_are_those_of_hone_score()
    {
        using PretrainedModel model = PretrainedModel.OpenRewardModel(server.RewardFolder, ComputeTarget.Parse("cpu", "float32"));
        string[] answers = ["yes", "no way", "a garden is small"];
        PromptExample example = model.Text.Examples.Sample(new SampleRow([Text.ChatMessage.User("hello")], answers));
        double[] expected = AnswerScores.Rewards(model.Model, [example], 4096)[0];
        JsonObject Turn(string role, string content) => new() { ["role"] = role, ["content"] = content };
        JsonNode scored = await server.Done("/v1/rewards", new JsonObject
        {
            ["model"] = "reward",
            ["conversations"] = new JsonArray([.. answers.Select(a => new JsonArray(Turn("user", "hello"), Turn("assistant", a)))]),
        }.ToJsonString());
        Assert.Equal(expected, scored["data"]!.AsArray().Select(d => (double)d!["reward"]!), (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal([0, 1, 2], scored["data"]!.AsArray().Select(d => (int)d!["index"]!));
        JsonNode one = await server.Done("/v1/rewards", new JsonObject
        {
            ["model"] = "reward", ["messages"] = new JsonArray(Turn("user", "hello"), Turn("assistant", answers[1])),
        }.ToJsonString());
        Assert.Equal(expected[1], (double)one["data"]![0]!["reward"]!, 1e-4);
        JsonNode ids = await server.Done("/v1/rewards", new JsonObject
        {
            ["model"] = "reward",
            ["prompt_token_ids"] = new JsonArray([.. example.Prompt.Select(id => (JsonNode)id)]),
            ["answer_token_ids"] = new JsonArray([.. example.Answers.Select(a => new JsonArray([.. a.Select(id => (JsonNode)id)]))]),
        }.ToJsonString());
        Assert.Equal(expected, ids["data"]!.AsArray().Select(d => (double)d!["reward"]!), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Theory]
    [InlineData("""{"model":"reward","prompt_token_ids":[1,2]}""", "answer_token_ids")]
    [InlineData("""{"model":"reward","answer_token_ids":[[1]]}""", "prompt_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[],"answer_token_ids":[[1]]}""", "prompt_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[1],"answer_token_ids":[[]]}""", "answer_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[1],"answer_token_ids":[1]}""", "answer_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[1000000],"answer_token_ids":[[1]]}""", "prompt_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[1],"answer_token_ids":[[-1]]}""", "answer_token_ids")]
    [InlineData("""{"model":"reward","prompt_token_ids":[1],"answer_token_ids":[[1]],"messages":[]}""", "conversations")]
    public async Task Ids_that_are_none_are_refused(string body, string param)
    {
        (int status, JsonNode answer) = await server.Post("/v1/rewards", body);
        Assert.Equal((400, param), (status, (string?)answer["error"]!["param"]));
    }
}
