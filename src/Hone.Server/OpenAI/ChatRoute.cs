using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;
using Hone.Text;
using Hone.Text.Chat;

namespace Hone.Server;

/// <summary><c>POST /v1/chat/completions</c>: the assistant's next turn, by the model's own chat template.</summary>
/// <remarks>
/// As in vLLM, <c>continue_final_message</c> goes on with a last turn of the assistant's, and <c>chat_template_kwargs</c> holds
/// variables of the template.
/// </remarks>
internal static class ChatRoute
{
    private static readonly string[] s_roles = ["system", "developer", "user", "assistant", "tool"];

    public static async Task<JsonObject> AnswerAsync(ServedModel model, JsonElement body, DateTimeOffset now, CancellationToken cancel)
    {
        var fields = new RequestFields(body);
        AnswerSettings.RequireModel(fields, model);
        fields.Off("tools", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0);
        fields.Off("tool_choice", v => v.ValueKind == JsonValueKind.String && (v.ValueEquals("none") || v.ValueEquals("auto")));
        fields.Off("response_format", v => v.ValueKind == JsonValueKind.Object
            && v.TryGetProperty("type", out JsonElement t) && t.ValueKind == JsonValueKind.String && t.ValueEquals("text"));
        fields.Off("modalities", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 1
            && v[0].ValueKind == JsonValueKind.String && v[0].ValueEquals("text"));
        int[] prompt = Prompt(fields, model);
        long? asked = fields.Whole("max_completion_tokens", 1, int.MaxValue) is { } today
            ? today
            : fields.Whole("max_tokens", 1, int.MaxValue);
        _ = fields.Get("max_tokens");
        bool logProbs = fields.Flag("logprobs") ?? false;
        int top = (int)(fields.Whole("top_logprobs", 0, AnswerSettings.MostLogProbs) ?? 0);
        if (top > 0 && !logProbs) throw ApiException.Invalid("`top_logprobs` needs `logprobs` to be true", "top_logprobs");
        AnswerSettings settings = AnswerSettings.Read(fields);
        fields.End();

        int length = AnswerSettings.Length(prompt.Length, asked, int.MaxValue, model, "messages");
        var request = new GenerationRequest(prompt, settings.Sampling with { MaxNewTokens = length }, settings.Count);
        Completion[] answers = await model.GenerateAsync([request], cancel).ConfigureAwait(false);
        JsonObject?[] scores = logProbs
            ? await ScoreAsync(model, prompt, answers, top, cancel).ConfigureAwait(false)
            : new JsonObject?[answers.Length];
        return new JsonObject
        {
            ["id"] = $"chatcmpl-{Guid.NewGuid():N}",
            ["object"] = "chat.completion",
            ["created"] = now.ToUnixTimeSeconds(),
            ["model"] = model.Name,
            ["choices"] = new JsonArray([.. answers.Select((a, i) => new JsonObject
            {
                ["index"] = i,
                ["message"] = new JsonObject
                {
                    ["role"] = "assistant",
                    ["content"] = a.Text ?? model.Tokenizer.Decode(a.Ids, skipSpecial: true),
                    ["refusal"] = null,
                },
                ["logprobs"] = scores[i],
                ["finish_reason"] = a.FinishReason,
            })]),
            ["usage"] = CompletionRoute.Usage(prompt.Length, answers.Sum(a => a.Ids.Length)),
        };
    }

    private static int[] Prompt(RequestFields fields, ServedModel model)
    {
        List<Dictionary<string, object?>> messages = Messages(fields);
        bool goOn = fields.Flag("continue_final_message") ?? false, ask = fields.Flag("add_generation_prompt") ?? !goOn;
        Dictionary<string, object?> variables = [];
        if (fields.Get("chat_template_kwargs") is { } given)
        {
            if (given.ValueKind != JsonValueKind.Object) throw RequestFields.Wrong("chat_template_kwargs", "an object");
            foreach (JsonProperty variable in given.EnumerateObject()) variables[variable.Name] = variable.Value;
        }
        if (goOn && ask)
            throw ApiException.Invalid("`continue_final_message` and `add_generation_prompt` exclude each other", "continue_final_message");
        if (model.Chat is not { } chat)
            throw ApiException.Invalid(
                $"`{model.Name}` has no chat template: it is a base model, which goes on with a text (/v1/completions)",
                "messages", "no_chat_template");
        int[] begun = [];
        if (goOn)
        {
            if ((string)messages[^1]["role"]! != "assistant" || messages[^1]["content"] is not JsonElement content)
                throw ApiException.Invalid("`continue_final_message` needs a last message of the assistant's", "messages");
            begun = model.Tokenizer.Encode(content.ValueKind == JsonValueKind.Array
                ? Text(content, $"messages[{messages.Count - 1}].content")
                : RequestFields.Unicode("messages", content));
            messages.RemoveAt(messages.Count - 1);
        }
        try
        {
            return [.. chat.Render(new ChatRequest(messages) { AddGenerationPrompt = ask || goOn, Variables = variables }).Ids, .. begun];
        }
        catch (InputException e)
        {
            throw ApiException.Invalid(e.Message, "messages");
        }
    }

    private static List<Dictionary<string, object?>> Messages(RequestFields fields)
    {
        JsonElement list = fields.Get("messages") ?? throw ApiException.Invalid("`messages` is needed", "messages");
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw RequestFields.Wrong("messages", "a list of at least one message");
        List<Dictionary<string, object?>> messages = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            string what = $"messages[{messages.Count}]";
            if (item.ValueKind != JsonValueKind.Object) throw RequestFields.Wrong(what, "an object");
            string role = item.TryGetProperty("role", out JsonElement r) && r.ValueKind == JsonValueKind.String
                ? RequestFields.Unicode(what, r)
                : throw RequestFields.Wrong($"{what}.role", "a text");
            if (!s_roles.Contains(role)) throw RequestFields.Wrong($"{what}.role", string.Join(", ", s_roles));
            var message = new Dictionary<string, object?>(StringComparer.Ordinal);
            foreach (JsonProperty property in item.EnumerateObject())
                message[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value;
            message["role"] = role;
            if (message.GetValueOrDefault("content") is not JsonElement { ValueKind: JsonValueKind.String or JsonValueKind.Array } content)
                throw RequestFields.Wrong($"{what}.content", "a text or a list of content parts");
            if (content.ValueKind == JsonValueKind.Array) Text(content, $"{what}.content");
            messages.Add(message);
        }
        return messages;
    }

    private static string Text(JsonElement parts, string what)
    {
        try
        {
            return ContentParts.Flatten(parts, what);
        }
        catch (InputException e)
        {
            throw ApiException.Invalid(e.Message, what);
        }
    }

    private static async Task<JsonObject?[]> ScoreAsync(
        ServedModel model, int[] prompt, Completion[] answers, int top, CancellationToken cancel)
    {
        int[][] shown = [.. answers.Select(a => a.Ids is [.., int last] && model.IsStop(last) ? a.Ids[..^1] : a.Ids)];
        int[] scored = [.. shown.Index().Where(s => s.Item.Length > 0).Select(s => s.Index)];
        ScoredSequence[] sequences = [.. scored.Select(i => new ScoredSequence([.. prompt, .. shown[i]], prompt.Length))];
        SequenceScore[] scores = scored.Length == 0 ? [] : await model.ScoreAsync(sequences, top, cancel).ConfigureAwait(false);
        var tokens = scored.Zip(scores, (i, s) => (i, s.Tokens)).ToDictionary(x => x.i, x => x.Tokens);
        return [.. shown.Select((ids, i) =>
        {
            string[] texts = TokenPieces.Of(model.Tokenizer, ids).Texts;
            return new JsonObject
            {
                ["content"] = new JsonArray([.. tokens.GetValueOrDefault(i, []).Select((score, t) =>
                {
                    JsonObject entry = Entry(texts[t], score.LogProb);
                    entry["top_logprobs"] =
                        new JsonArray([.. score.Top.Select(x => Entry(TokenPieces.Of(model.Tokenizer, x.Id, t == 0), x.LogProb))]);
                    return entry;
                })]),
                ["refusal"] = null,
            };
        })];
    }

    private static JsonObject Entry(string token, float logProb) => new()
    {
        ["token"] = token,
        ["logprob"] = CompletionRoute.Finite(logProb),
        ["bytes"] = new JsonArray([.. Encoding.UTF8.GetBytes(token).Select(b => (JsonNode)b)]),
    };
}
