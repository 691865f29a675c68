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

    private ChatClient Chat => Client.GetChatClient("tiny");

    [Fact]
    public async Task It_lists_the_models()
    {
        OpenAIModelCollection models = (await Client.GetOpenAIModelClient().GetModelsAsync()).Value;
        Assert.Equal([("tiny", "hone"), ("reward", "hone")], models.Select(m => (m.Id, m.OwnedBy)));
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
    public async Task It_streams_what_it_gets_whole()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 20, Temperature = 0, IncludeLogProbabilities = true };
        ChatCompletion whole = await Chat.CompleteChatAsync([new UserChatMessage("hello")], options);
        List<StreamingChatCompletionUpdate> updates = [];
        await foreach (StreamingChatCompletionUpdate update in Chat.CompleteChatStreamingAsync([new UserChatMessage("hello")], options))
            updates.Add(update);
        Assert.Equal(ChatMessageRole.Assistant, updates[0].Role);
        Assert.Equal(whole.Content[0].Text, string.Concat(updates.SelectMany(u => u.ContentUpdate).Select(c => c.Text)));
        Assert.Equal(whole.FinishReason, updates.Single(u => u.FinishReason is not null).FinishReason);
        Assert.Equal(whole.ContentTokenLogProbabilities.Select(t => t.Token),
            updates.SelectMany(u => u.ContentTokenLogProbabilities).Select(t => t.Token));
        Assert.Equal(whole.Usage.OutputTokenCount, updates[^1].Usage.OutputTokenCount); // it asks for usage by itself
    }

    [Fact]
    public async Task Stop_strings_penalties_and_biases_are_sent_and_heeded()
    {
        var greedy = new ChatCompletionOptions { MaxOutputTokenCount = 30, Temperature = 0 };
        foreach (int id in server.Model.Tokenizer.SpecialIds) greedy.LogitBiases[id] = -100;
        string all = (await Chat.CompleteChatAsync([new UserChatMessage("hello")], greedy)).Value.Content[0].Text;
        string stop = all.Substring(all.Length / 2, 3);
        greedy.StopSequences.Add(stop);
        ChatCompletion cut = await Chat.CompleteChatAsync([new UserChatMessage("hello")], greedy);
        Assert.Equal((ChatFinishReason.Stop, all[..all.IndexOf(stop, StringComparison.Ordinal)]), (cut.FinishReason, cut.Content[0].Text));
        int biased = server.Model.Tokenizer.Encode("garden")[0];
        var biases = new ChatCompletionOptions { MaxOutputTokenCount = 3, Temperature = 0 };
        biases.LogitBiases[biased] = 100;
        Assert.Equal(server.Model.Tokenizer.Decode([biased, biased, biased]),
            (await Chat.CompleteChatAsync([new UserChatMessage("hello")], biases)).Value.Content[0].Text);
        // Held against a bias of the same kind, penalties bring the token up less often.
        biases.LogitBiases[biased] = 6;
        biases.MaxOutputTokenCount = 12;
        int free = await CountAsync();
        (biases.FrequencyPenalty, biases.PresencePenalty) = (2, 2);
        Assert.True(await CountAsync() < free, $"{free}");

        async Task<int> CountAsync() => (await Chat.CompleteChatAsync([new UserChatMessage("hello")], biases)).Value.Content[0].Text
            .Split(server.Model.Tokenizer.Decode([biased])).Length - 1;
    }

    [Fact]
    public async Task A_tool_that_is_not_called_changes_nothing_but_the_prompt()
    {
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 5 };
        options.Tools.Add(ChatTool.CreateFunctionTool("add", "Adds.", BinaryData.FromString("""{"type":"object","properties":{}}""")));
        ChatCompletion answer = await Chat.CompleteChatAsync([new UserChatMessage("hello")], options);
        Assert.Empty(answer.ToolCalls);
        options.ToolChoice = ChatToolChoice.CreateRequiredChoice();
        Assert.Equal(400, (await Assert.ThrowsAsync<ClientResultException>(
            () => Chat.CompleteChatAsync([new UserChatMessage("hello")], options))).Status);
    }

    [Fact]
    public async Task A_stream_that_is_left_is_ended()
    {
        using var leave = new CancellationTokenSource();
        var options = new ChatCompletionOptions { MaxOutputTokenCount = 200 };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamingChatCompletionUpdate _ in Chat.CompleteChatStreamingAsync(
                [new UserChatMessage("hello")], options, leave.Token)) await leave.CancelAsync();
        });
        for (int i = 0; i < 250 && !await Idle(); i++) await Task.Delay(1);
        Assert.True(await Idle());

        async Task<bool> Idle() => (await server.Client.GetStringAsync("/metrics"))
            .Contains("hone_requests_running 0", StringComparison.Ordinal);
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
