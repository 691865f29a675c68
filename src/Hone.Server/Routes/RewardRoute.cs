using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// <c>POST /v1/rewards</c>: a reward model's score of whole conversations, each ending with an answer of the assistant's, as
/// <c>hone score</c> reads them. <c>messages</c> is one conversation, <c>conversations</c> a list of them.
/// </summary>
internal static class RewardRoute
{
    private const int MostConversations = 1024;

    public static async Task AnswerAsync(Exchange exchange)
    {
        using JsonDocument body = await exchange.BodyAsync().ConfigureAwait(false);
        var fields = new RequestFields(body.RootElement);
        ServedModel model = exchange.Models.Reward(
            fields.Text("model") ?? throw ApiException.Invalid("`model` is needed", "model"));
        JsonElement? one = fields.Get("messages"), many = fields.Get("conversations");
        fields.End();
        if (one is null == many is null) throw ApiException.Invalid("give `messages` or `conversations`", "conversations");
        if (many is { } list && (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostConversations))
            throw RequestFields.Wrong("conversations", $"a list of 1 to {MostConversations} conversations");
        PromptExample[] read = one is { } messages
            ? [Read(messages, "messages", model)]
            : [.. many!.Value.EnumerateArray().Select((c, i) => Read(c, $"conversations[{i}]", model))];
        long tokens = read.Sum(r => (long)r.Tokens);
        if (tokens > exchange.Limits.PromptTokens)
            throw ApiException.Invalid($"the conversations have {tokens} tokens together, at most {exchange.Limits.PromptTokens} "
                + "are taken in one request", "conversations", "request_too_large");
        exchange.Metrics.Prompt((int)tokens);
        double[] rewards = await model.RewardsAsync(read, exchange.Cancel).ConfigureAwait(false);
        await exchange.WriteAsync(new JsonObject
        {
            ["object"] = "list",
            ["model"] = model.Name,
            ["data"] = new JsonArray([.. rewards.Select((reward, i) => new JsonObject
            {
                ["object"] = "reward", ["index"] = i, ["reward"] = reward,
            })]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        }).ConfigureAwait(false);
    }

    private static PromptExample Read(JsonElement conversation, string what, ServedModel model)
    {
        ChatMessage[] turns = [.. ChatPrompt.Messages(conversation, what).Select((message, i) => new ChatMessage(
            (string)message["role"]!,
            message["content"] is JsonElement content
                ? content.ValueKind == JsonValueKind.String ? content.GetString()! : ChatPrompt.Text(content, $"{what}[{i}].content")
                : throw RequestFields.Wrong($"{what}[{i}].content", "a text")))];
        if (turns[^1].Role != "assistant") throw ApiException.Invalid($"`{what}` must end with an answer of the assistant's", what);
        try
        {
            PromptExample example = model.Text.Examples.Sample(new SampleRow(turns[..^1], [turns[^1].Content]), what);
            return example.Tokens <= model.Context ? example
                : throw ApiException.Invalid($"`{what}` has {example.Tokens} tokens; this model's context is {model.Context}", what,
                    "context_length_exceeded");
        }
        catch (InputException e)
        {
            throw ApiException.Invalid(e.Message, what);
        }
    }
}
