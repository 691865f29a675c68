using System.Text.Json;
using Hone.Text;
using Hone.Text.Chat;

namespace Hone.Server;

/// <summary>Conversations as OpenAI's and Ollama's routes take them, and their token ids by the model's own chat template.</summary>
internal static class ChatPrompt
{
    private static readonly string[] s_roles = ["system", "developer", "user", "assistant", "tool"];

    /// <summary>
    /// A conversation's ids. As in vLLM, <c>continue_final_message</c> goes on with a last turn of the assistant's, and
    /// <c>chat_template_kwargs</c> holds variables of the template.
    /// </summary>
    /// <param name="fields">Holds <c>messages</c>.</param>
    /// <param name="tools">What the assistant may call; null for none.</param>
    public static (string Text, int[] Ids) Read(RequestFields fields, ServedModel model, JsonElement? tools)
    {
        List<Dictionary<string, object?>> messages = Messages(fields.Get("messages"), "messages");
        bool goOn = fields.Flag("continue_final_message") ?? false, ask = fields.Flag("add_generation_prompt") ?? !goOn;
        Dictionary<string, object?> variables = [];
        if (fields.Get("chat_template_kwargs") is { } given)
        {
            if (given.ValueKind != JsonValueKind.Object) throw RequestFields.Wrong("chat_template_kwargs", "an object");
            foreach (JsonProperty variable in given.EnumerateObject()) variables[variable.Name] = variable.Value;
        }
        if (tools is { } named) variables["tools"] = named;
        if (goOn && ask)
            throw ApiException.Invalid("`continue_final_message` and `add_generation_prompt` exclude each other", "continue_final_message");
        string begun = "";
        if (goOn)
        {
            if ((string)messages[^1]["role"]! != "assistant" || messages[^1]["content"] is not JsonElement content)
                throw ApiException.Invalid("`continue_final_message` needs a last message of the assistant's", "messages");
            begun = content.ValueKind == JsonValueKind.Array
                ? Text(content, $"messages[{messages.Count - 1}].content")
                : content.GetString()!;
            messages.RemoveAt(messages.Count - 1);
        }
        RenderedChat chat = Render(model, new ChatRequest(messages) { AddGenerationPrompt = ask || goOn, Variables = variables });
        return (chat.Text + begun, begun.Length == 0 ? chat.Ids : [.. chat.Ids, .. model.Tokenizer.Encode(begun)]);
    }

    /// <exception cref="ApiException">The model has no template, or it refuses the conversation.</exception>
    public static RenderedChat Render(ServedModel model, ChatRequest request)
    {
        if (model.Chat is not { } chat)
            throw ApiException.Invalid(
                $"`{model.Name}` has no chat template: it is a base model, which goes on with a text (/v1/completions); "
                    + "hone serve --template NAME gives it one",
                "messages", "no_chat_template");
        try
        {
            return chat.Render(request);
        }
        catch (InputException e)
        {
            throw ApiException.Invalid(e.Message, "messages");
        }
    }

    public static List<Dictionary<string, object?>> Messages(JsonElement? given, string name)
    {
        JsonElement list = given ?? throw ApiException.Invalid($"`{name}` is needed", name);
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() == 0)
            throw RequestFields.Wrong(name, "a list of at least one message");
        List<Dictionary<string, object?>> messages = [];
        foreach (JsonElement item in list.EnumerateArray()) messages.Add(Message(item, $"{name}[{messages.Count}]"));
        return messages;
    }

    /// <summary>As <see cref="Messages"/>, of texts alone: each message has one.</summary>
    public static ChatMessage[] Turns(JsonElement? given, string name) => [.. Messages(given, name).Select((message, i) => new ChatMessage(
        (string)message["role"]!,
        message["content"] is JsonElement content
            ? content.ValueKind == JsonValueKind.String ? content.GetString()! : Text(content, $"{name}[{i}].content")
            : throw RequestFields.Wrong($"{name}[{i}].content", "a text")))];

    private static Dictionary<string, object?> Message(JsonElement item, string what)
    {
        if (item.ValueKind != JsonValueKind.Object) throw RequestFields.Wrong(what, "an object");
        string role = item.TryGetProperty("role", out JsonElement r) && r.ValueKind == JsonValueKind.String
            ? r.GetString()!
            : throw RequestFields.Wrong($"{what}.role", "a text");
        if (!s_roles.Contains(role)) throw RequestFields.Wrong($"{what}.role", string.Join(", ", s_roles));
        var message = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in item.EnumerateObject())
            if (property.Value.ValueKind != JsonValueKind.Null) message[property.Name] = property.Value; // to templates null is not absent
        message["role"] = role;
        bool calls = message.TryGetValue("tool_calls", out object? called);
        if (calls) message["tool_calls"] = Calls((JsonElement)called!, $"{what}.tool_calls");
        if (message.GetValueOrDefault("content") is JsonElement { ValueKind: JsonValueKind.String or JsonValueKind.Array } content)
        {
            if (content.ValueKind == JsonValueKind.Array) Text(content, $"{what}.content");
        }
        else if (calls && !message.ContainsKey("content")) message["content"] = null;
        else throw RequestFields.Wrong($"{what}.content", "a text or a list of content parts");
        return message;
    }

    /// <summary>Calls that the assistant made before. OpenAI's arguments are JSON as text, the templates' are objects.</summary>
    private static List<object?> Calls(JsonElement calls, string what)
    {
        if (calls.ValueKind != JsonValueKind.Array) throw RequestFields.Wrong(what, "a list");
        List<object?> result = [];
        foreach (JsonElement call in calls.EnumerateArray())
        {
            if (call.ValueKind != JsonValueKind.Object || !call.TryGetProperty("function", out JsonElement function)
                || function.ValueKind != JsonValueKind.Object || !function.TryGetProperty("name", out JsonElement name)
                || name.ValueKind != JsonValueKind.String)
                throw RequestFields.Wrong($"{what}[{result.Count}]", "an object with a `function` that has a `name`");
            Dictionary<string, object?> inner = function.EnumerateObject().ToDictionary(p => p.Name, p => (object?)p.Value);
            if (function.TryGetProperty("arguments", out JsonElement arguments) && arguments.ValueKind == JsonValueKind.String)
                inner["arguments"] = Parsed(arguments.GetString()!) ?? throw RequestFields.Wrong(
                    $"{what}[{result.Count}].function.arguments", "a JSON object as text");
            result.Add(new Dictionary<string, object?>(call.EnumerateObject().Select(p => KeyValuePair.Create(p.Name, (object?)p.Value)))
            {
                ["function"] = inner,
            });
        }
        return result;
    }

    private static JsonElement? Parsed(string json)
    {
        try
        {
            using JsonDocument document = JsonBody.Parse(System.Text.Encoding.UTF8.GetBytes(json));
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
        }
        catch (ApiException)
        {
            return null;
        }
    }

    public static string Text(JsonElement parts, string what)
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
}
