using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Server;

/// <summary>Ollama's <c>POST /api/chat</c>.</summary>
internal static class OllamaChat
{
    public static async Task AnswerAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        OllamaOptions options = OllamaOptions.Read(fields, exchange.Models);
        JsonElement? tools = fields.Get("tools") is { } given
            ? given.ValueKind != JsonValueKind.Array ? throw RequestFields.Wrong("tools", "a list of functions")
            : given.GetArrayLength() > 0 ? given : null
            : null;
        JsonElement? list = fields.Get("messages");
        fields.End();
        var answer = new OllamaAnswer(exchange, options, Part);
        if (list is null or { ValueKind: JsonValueKind.Array } && (list is null || list.Value.GetArrayLength() == 0))
        {
            await answer.LoadedAsync().ConfigureAwait(false);
            return;
        }
        List<Dictionary<string, object?>> messages = ChatPrompt.Messages(list, "messages");
        if (messages.Any(m => m.ContainsKey("images"))) throw ApiException.NotSupported("images", "it reads text only");
        Dictionary<string, object?> variables = tools is { } named ? new() { ["tools"] = named } : [];
        RenderedChat chat = ChatPrompt.Render(
            options.Model, new ChatRequest(messages) { AddGenerationPrompt = true, Variables = variables });
        await answer.SendAsync(chat.Ids, tools is null ? null : options.Model.Tools).ConfigureAwait(false);
    }

    private static void Part(JsonObject line, string text, IReadOnlyList<ToolCall> calls)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = text };
        if (calls.Count > 0)
            message["tool_calls"] = new JsonArray([.. calls.Select(call => new JsonObject
            {
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = JsonNode.Parse(call.Arguments) },
            })]);
        line["message"] = message;
    }
}
