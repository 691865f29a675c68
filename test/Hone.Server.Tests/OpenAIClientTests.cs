using System.ClientModel;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Hone.Server.Tests;

/// <summary>OpenAI's own client for .NET reads what the server writes.</summary>
public sealed class OpenAIClientTests(TestServer server) : IClassFixture<TestServer>
{
    private OpenAIClient Client => new(new ApiKeyCredential("none"), new OpenAIClientOptions
    {
        Endpoint = new Uri(server.Address, "v1"),
        RetryPolicy = new System.ClientModel.Primitives.ClientRetryPolicy(0),
    });

    [Fact]
    public async Task It_lists_the_model()
    {
        OpenAIModel model = Assert.Single((await Client.GetOpenAIModelClient().GetModelsAsync()).Value);
        Assert.Equal(("tiny", "hone"), (model.Id, model.OwnedBy));
    }

    [Fact]
    public async Task It_chats_and_reads_log_probabilities()
    {
        ChatCompletion answer = await Client.GetChatClient("tiny").CompleteChatAsync(
            [new UserChatMessage("hello"), new AssistantChatMessage("hi"), new UserChatMessage("well")],
            new ChatCompletionOptions
            {
                MaxOutputTokenCount = 8, Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 4,
            });
        Assert.Equal(ChatFinishReason.Length, answer.FinishReason);
        Assert.Equal(8, answer.Usage.OutputTokenCount);
        Assert.Equal(8, answer.ContentTokenLogProbabilities.Count);
        Assert.All(answer.ContentTokenLogProbabilities, t =>
        {
            Assert.Equal(4, t.TopLogProbabilities.Count);
            Assert.Equal(t.LogProbability, t.TopLogProbabilities[0].LogProbability, 1e-6f);
        });
    }

    [Fact]
    public async Task It_reads_a_refusal()
    {
        var e = await Assert.ThrowsAsync<ClientResultException>(
            () => Client.GetChatClient("other").CompleteChatAsync([new UserChatMessage("hello")]));
        Assert.Equal(404, e.Status);
        Assert.Contains("model_not_found", e.Message, StringComparison.Ordinal);
    }
}
