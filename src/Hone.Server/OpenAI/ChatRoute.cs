using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary><c>POST /v1/chat/completions</c>: the assistant's next turn, by the model's own chat template.</summary>
internal static class ChatRoute
{
    public static async Task AnswerAsync(Exchange exchange)
    {
        ChatAsked asked = Read(await exchange.FieldsAsync().ConfigureAwait(false), exchange);
        if (asked.Settings.Streams) await ChatStream.SendAsync(asked, exchange).ConfigureAwait(false);
        else await exchange.WriteAsync(await WholeAsync(asked, exchange).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private static ChatAsked Read(RequestFields fields, Exchange exchange)
    {
        ServedModel model = AnswerSettings.Model(fields, exchange.Models);
        JsonElement? tools = Tools(fields);
        fields.Off("modalities", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 1
            && v[0].ValueKind == JsonValueKind.String && v[0].ValueEquals("text"));
        int[] prompt = ChatPrompt.Read(fields, model, tools).Ids;
        long? longest = fields.Whole("max_completion_tokens", 1, int.MaxValue) is { } today
            ? today
            : fields.Whole("max_tokens", 1, int.MaxValue);
        _ = fields.Get("max_tokens");
        bool logProbs = fields.Flag("logprobs") ?? false;
        int top = (int)(fields.Whole("top_logprobs", 0, AnswerSettings.MostLogProbs) ?? 0);
        if (top > 0 && !logProbs) throw ApiException.Invalid("`top_logprobs` needs `logprobs` to be true", "top_logprobs");
        AnswerSettings settings = AnswerSettings.Read(fields, model);
        fields.End();
        if (tools is not null && settings.Sampling.Constraint is not null)
            throw ApiException.NotSupported("response_format", "beside tools, whose calls have a format of their own");
        int length = AnswerSettings.Length(prompt.Length, longest, int.MaxValue, model, "messages");
        var request = new GenerationRequest(prompt, settings.Sampling with { MaxNewTokens = length }, settings.Count);
        AnswerSettings.CheckWork([request], exchange.Limits);
        return new ChatAsked(model, request, settings, logProbs ? top : null, tools is null ? null : model.Tools);
    }

    /// <summary>The tools that the assistant may call; null for none.</summary>
    private static JsonElement? Tools(RequestFields fields)
    {
        const string Name = "tools", Choice = "tool_choice";
        bool none = false;
        if (fields.Get(Choice) is { } choice)
        {
            none = choice.ValueKind == JsonValueKind.String && choice.ValueEquals("none");
            if (!none && !(choice.ValueKind == JsonValueKind.String && choice.ValueEquals("auto")))
                throw ApiException.NotSupported(Choice, "it takes `none` and `auto`, as no call can be forced");
        }
        if (fields.Get(Name) is not { } tools) return null;
        if (tools.ValueKind != JsonValueKind.Array) throw RequestFields.Wrong(Name, "a list of functions");
        foreach ((int i, JsonElement tool) in tools.EnumerateArray().Index())
            if (tool.ValueKind != JsonValueKind.Object || !tool.TryGetProperty("function", out JsonElement function)
                || function.ValueKind != JsonValueKind.Object || !function.TryGetProperty("name", out JsonElement name)
                || name.ValueKind != JsonValueKind.String)
                throw RequestFields.Wrong($"{Name}[{i}]", "an object with a `function` that has a `name`");
        return none || tools.GetArrayLength() == 0 ? null : tools;
    }

    private static async Task<JsonObject> WholeAsync(ChatAsked asked, Exchange exchange)
    {
        Completion[] answers = await exchange.CompleteAsync(asked.Model, [asked.Request]).ConfigureAwait(false);
        TokenLine[][]? lines = asked.Top is null ? null : await asked.LinesAsync(answers, exchange.Cancel).ConfigureAwait(false);
        var choices = new JsonArray();
        foreach ((int i, Completion answer) in answers.Index())
        {
            string text = AnswerText.Of(answer, asked.Model, asked.Settings.Sampling.StopStrings, asked.Tools);
            (string content, IReadOnlyList<ToolCall> calls) = (text, []);
            if (asked.Tools is { } format)
            {
                var reader = new ToolCallReader(format);
                content = reader.Push(text);
                (string rest, calls) = reader.Finish();
                content = calls.Count > 0 ? content.TrimEnd() : content + rest;
            }
            var message = new JsonObject
            {
                ["role"] = "assistant",
                ["content"] = calls.Count > 0 && content.Length == 0 ? null : content,
                ["refusal"] = null,
            };
            if (calls.Count > 0) message["tool_calls"] = new JsonArray([.. calls.Select(ToJson)]);
            var choice = new JsonObject
            {
                ["index"] = answer.AnswerIndex,
                ["message"] = message,
                ["logprobs"] = lines is null ? null : TokenLines.ForChat(lines[i]),
                ["finish_reason"] = calls.Count > 0 ? "tool_calls" : answer.FinishReason,
            };
            if (asked.Settings.ReturnsIds) choice["token_ids"] = Ids(answer.Ids);
            choices.Add(choice);
        }
        JsonObject whole = asked.Head("chat.completion", exchange.Now);
        if (asked.Settings.ReturnsIds) whole["prompt_token_ids"] = Ids(asked.Request.PromptIds);
        whole["choices"] = choices;
        whole["usage"] = CompletionRoute.Usage(asked.Request.PromptIds.Length, answers.Sum(a => a.Ids.Length));
        return whole;
    }

    public static JsonArray Ids(IEnumerable<int> ids) => new([.. ids.Select(id => (JsonNode)id)]);

    public static JsonObject ToJson(ToolCall call) => new()
    {
        ["id"] = call.Id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
    };
}

/// <summary>A chat request, read and checked.</summary>
/// <param name="Top">Likeliest tokens to tell in each place; null without <c>logprobs</c>.</param>
/// <param name="Tools">How calls are read from the answer; null where there are no tools, or the format is not known.</param>
internal sealed record ChatAsked(
    ServedModel Model, GenerationRequest Request, AnswerSettings Settings, int? Top, ToolFormat? Tools)
{
    private readonly string _id = $"chatcmpl-{Guid.NewGuid():N}";

    public JsonObject Head(string kind, DateTimeOffset now) => new()
    {
        ["id"] = _id,
        ["object"] = kind,
        ["created"] = now.ToUnixTimeSeconds(),
        ["model"] = Model.Name,
    };

    /// <summary>The answers' tokens with their log-probabilities.</summary>
    public Task<TokenLine[][]> LinesAsync(IReadOnlyList<Completion> answers, CancellationToken cancel) =>
        TokenLines.OfAsync(Model, [.. answers.Select(_ => Request.PromptIds)], answers, Top ?? 0, cancel);
}
