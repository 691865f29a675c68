using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Cli;

/// <summary><c>hone render</c>: conversations as a model sees them.</summary>
internal static class RenderVerb
{
    public static Command Create(Streams io)
    {
        Option<string?> template = TemplateFlag.Create();
        var command = new Verb("render", "Render conversations by the model's chat template.", """
            Reads {"messages", "tools", "documents", "add_generation_prompt", ...} and prints {"text", "ids",
            "assistant_mask"}, line by line. Messages and tools may have any fields, and any further column is a variable of
            the template, as in transformers' apply_chat_template. A conversation that the template refuses gives {"error"}.
            Answers that the template renders otherwise than they were given have no mask; {"not_marked"} tells why.

            Example:
              echo '{"messages": [{"role": "user", "content": "Hello"}]}' | hone render --model models/sft
              hone render --model models/sft --input rows.jsonl
            """)
        { template };
        var options = new RowOptions(command);
        options.Act(command, io, parsed =>
        {
            string folder = options.Model(parsed, io);
            ChatFormat format = parsed.GetValue(template) is { } named
                ? NamedTemplates.Format(named, folder)
                : ChatFormat.Load(folder);
            foreach (JsonLine line in options.Rows(parsed, io)) ResultPrinter.PrintJson(io.Out, Render(format, Request(line)));
            return 0;
        });
        return command;
    }

    private static JsonObject Render(ChatFormat format, ChatRequest request)
    {
        try
        {
            MaskedChat chat = format.RenderMasked(request);
            var row = new JsonObject
            {
                ["text"] = chat.Text,
                ["ids"] = JsonLines.Array(chat.Ids),
                ["assistant_mask"] = JsonLines.Array(chat.AssistantMask),
            };
            if (chat.NotMarked is { } why) row["not_marked"] = why;
            return row;
        }
        catch (InputException e)
        {
            return new JsonObject { ["error"] = e.Message };
        }
    }

    private static bool Prompt(JsonLine line)
    {
        if (!line.Has("add_generation_prompt")) return false;
        JsonElement value = line.Require("add_generation_prompt");
        return value.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? value.GetBoolean()
            : throw new InputException("column `add_generation_prompt` must be true or false", line.Where);
    }

    private static ChatRequest Request(JsonLine line)
    {
        JsonElement list = line.Require("messages");
        if (list.ValueKind != JsonValueKind.Array) throw new InputException("column `messages` must be a list", line.Where);
        List<IReadOnlyDictionary<string, object?>> messages = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            string what = $"messages[{messages.Count}]";
            if (item.ValueKind != JsonValueKind.Object) throw new InputException($"{what} must be an object", line.Where);
            if (!item.TryGetProperty("role", out JsonElement role)) throw new InputException($"{what} has no `role`", line.Where);
            JsonLines.Text(role, $"{what}.role", line.Where);
            messages.Add(Fields(item.EnumerateObject()));
        }
        return new ChatRequest(messages)
        {
            AddGenerationPrompt = Prompt(line),
            Variables = Fields(line.Row.EnumerateObject().Where(p => p.Name is not ("messages" or "add_generation_prompt"))),
        };
    }

    private static Dictionary<string, object?> Fields(IEnumerable<JsonProperty> properties)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in properties)
            fields[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value;
        return fields;
    }
}
