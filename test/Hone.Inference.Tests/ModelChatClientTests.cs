using System.Text.Json;
using Microsoft.Extensions.AI;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Hone.Inference.Tests;

public sealed class ModelChatClientTests : IDisposable
{
    private static readonly ChatMessage[] s_messages = [new(ChatRole.User, "hi")];

    private readonly TempFolder _folder = new();
    private readonly LanguageModel _model;

    public ModelChatClientTests()
    {
        TinyModelFolder.Write(_folder.Path);
        _model = LanguageModel.FromPretrained(_folder.Path);
    }

    [Fact]
    public async Task It_answers_as_the_model_does_and_streams_the_same()
    {
        using var client = new ModelChatClient(_model);
        var options = new ChatOptions { Seed = 4, MaxOutputTokens = 40, Temperature = 0.7f, TopP = 0.95f, TopK = 20 };
        int[] prompt = _model.ApplyChatTemplate([new("user", "hi")], addGenerationPrompt: true);
        Completion expected = _model.Generate(prompt, _model.Defaults with
        {
            DoSample = true,
            Seed = 4,
            MaxNewTokens = 40,
            Temperature = 0.7f,
            TopP = 0.95f,
            TopK = 20,
        });
        ChatResponse whole = await client.GetResponseAsync(s_messages, options);
        Assert.Equal(_model.Decode(expected.Ids), whole.Text);
        Assert.Equal(expected.FinishReason, whole.FinishReason!.Value.Value);
        Assert.Equal((prompt.Length, expected.Ids.Length), ((int)whole.Usage!.InputTokenCount!, (int)whole.Usage.OutputTokenCount!));
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(s_messages, options)) updates.Add(update);
        Assert.Equal(whole.Text, string.Concat(updates.Select(u => u.Text)));
        Assert.True(updates.Count > 3);
    }

    [Fact]
    public async Task Instructions_are_a_system_turn()
    {
        using var client = new ModelChatClient(_model);
        ChatResponse answer = await client.GetResponseAsync(s_messages, new ChatOptions { Instructions = "be brief", MaxOutputTokens = 1 });
        int[] prompt = _model.ApplyChatTemplate([new("system", "be brief"), new("user", "hi")], addGenerationPrompt: true);
        Assert.Equal(prompt.Length, (int)answer.Usage!.InputTokenCount!);
    }

    [Fact]
    public async Task What_it_cannot_do_is_refused_by_name()
    {
        using var client = new ModelChatClient(_model);
        async Task Refuses(string what, ChatOptions options, params ChatMessage[] messages) => Assert.Contains(what,
            (await Assert.ThrowsAsync<InputException>(() => client.GetResponseAsync(messages.Length > 0 ? messages : s_messages, options)))
                .Message, StringComparison.Ordinal);
        await Refuses("Tools", new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] });
        await Refuses("`not`", new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"not": {}}""")) });
        await Refuses("frequency_penalty", new ChatOptions { FrequencyPenalty = 3 });
        await Refuses("AdditionalProperties[min_p]", new ChatOptions { AdditionalProperties = new() { ["min_p"] = 0.1 } });
        var image = new UriContent("https://x.example/a.png", "image/png");
        await Refuses("UriContent", new ChatOptions(), new ChatMessage(ChatRole.User, [image]));
    }

    [Fact]
    public async Task A_schema_is_followed()
    {
        using var client = new ModelChatClient(_model);
        JsonElement schema = JsonElement.Parse("""{"type": "array", "items": {"type": "integer"}, "maxItems": 2}""");
        ChatResponse answer = await client.GetResponseAsync(s_messages,
            new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema), MaxOutputTokens = 60 });
        Assert.InRange(JsonElement.Parse(answer.Text).GetArrayLength(), 0, 2);
    }

    [Fact]
    public void It_tells_what_is_behind_it()
    {
        using var client = new ModelChatClient(_model);
        Assert.Same(_model, client.GetService(typeof(LanguageModel)));
        Assert.Same(client, client.GetService(typeof(IChatClient)));
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
    }

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }
}
