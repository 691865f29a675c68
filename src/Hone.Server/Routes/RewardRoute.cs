using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Data;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// <c>POST /v1/rewards</c>: a reward model's score of whole conversations, each ending with an answer of the assistant's, as
/// <c>hone score</c> reads them. <c>messages</c> is one conversation, <c>conversations</c> a list of them;
/// <c>prompt_token_ids</c> with <c>answer_token_ids</c> is a prompt with its answers as they were sampled, and is read once.
/// </summary>
internal static class RewardRoute
{
    private const int MostConversations = 1024;

    public static async Task AnswerAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        ServedModel model = exchange.Models.Reward(
            fields.Text("model") ?? throw ApiException.Invalid("`model` is needed", "model"));
        JsonElement? one = fields.Get("messages"), many = fields.Get("conversations");
        PromptExample? ids = Ids(fields, model);
        fields.End();
        if ((one is null ? 0 : 1) + (many is null ? 0 : 1) + (ids is null ? 0 : 1) != 1)
            throw ApiException.Invalid("give `messages`, `conversations`, or `prompt_token_ids` and `answer_token_ids`", "conversations");
        if (many is { } list && (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > MostConversations))
            throw RequestFields.Wrong("conversations", $"a list of 1 to {MostConversations} conversations");
        PromptExample[] read = ids is not null ? [ids] : one is { } messages
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
            ["weight_version"] = model.Version,
            ["data"] = new JsonArray([.. rewards.Select((reward, i) => new JsonObject
            {
                ["object"] = "reward", ["index"] = i, ["reward"] = reward,
            })]),
            ["usage"] = new JsonObject { ["prompt_tokens"] = tokens, ["total_tokens"] = tokens },
        }).ConfigureAwait(false);
    }

    private static PromptExample? Ids(RequestFields fields, ServedModel model)
    {
        const string Prompt = "prompt_token_ids", Answers = "answer_token_ids";
        JsonElement? prompt = fields.Get(Prompt), answers = fields.Get(Answers);
        if (prompt is null && answers is null) return null;
        if (prompt is not { ValueKind: JsonValueKind.Array } p || p.GetArrayLength() == 0)
            throw RequestFields.Wrong(Prompt, "a list of token ids");
        if (answers is not { ValueKind: JsonValueKind.Array } a || a.GetArrayLength() is 0 or > MostConversations
            || a.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.Array || one.GetArrayLength() == 0))
            throw RequestFields.Wrong(Answers, $"a list of 1 to {MostConversations} lists of token ids");
        var example = new PromptExample(CompletionRoute.Ids(p, Prompt, model),
            [.. a.EnumerateArray().Select(one => CompletionRoute.Ids(one, Answers, model))]);
        int longest = example.Prompt.Length + example.Answers.Max(answer => answer.Length);
        return longest <= model.Context ? example : throw ApiException.Invalid(
            $"a prompt with its answer has {longest} tokens; this model's context is {model.Context}", Answers, "context_length_exceeded");
    }

    private static PromptExample Read(JsonElement conversation, string what, ServedModel model)
    {
        ChatMessage[] turns = ChatPrompt.Turns(conversation, what);
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
