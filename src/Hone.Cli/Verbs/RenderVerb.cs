using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Text;

namespace Hone.Cli;

/// <summary><c>hone render</c>: conversations as a model sees them.</summary>
internal static class RenderVerb
{
    private static readonly string[] s_columns = ["messages", "add_generation_prompt"];

    public static Command Create(Streams io)
    {
        var template = new Option<string?>("--template") { Description = "File of a Jinja chat template to use in place of the model's own." };
        var command = new Verb("render", "Render conversations by the model's chat template.", """
            Reads {"messages", "add_generation_prompt"}, messages being {"role", "content"}, and prints {"text", "ids",
            "assistant_mask"}, line by line. A conversation that the template refuses gives {"error"}.

            Example:
              echo '{"messages": [{"role": "user", "content": "Hello"}]}' | hone render --model models/sft
              hone render --model models/sft --input rows.jsonl
            """)
        { template };
        var options = new RowOptions(command);
        options.Act(command, io, parsed =>
        {
            ChatFormat format = parsed.GetValue(template) is { } file ? Load(options.Model(parsed), file) : ChatFormat.Load(options.Model(parsed));
            foreach (JsonLine line in options.Rows(parsed, io)) Facts.PrintJson(io.Out, Render(format, Messages(line), Prompt(line)));
            return 0;
        });
        return command;
    }

    private static ChatFormat Load(string folder, string template) => File.Exists(template)
        ? new ChatFormat(Tokenizer.Load(folder), ChatTemplate.Parse(File.ReadAllText(template)))
        : throw new InputException("the file does not exist", template);

    private static JsonObject Render(ChatFormat format, List<ChatMessage> messages, bool addGenerationPrompt)
    {
        try
        {
            RenderedChat chat = format.Render(messages, addGenerationPrompt);
            return new JsonObject
            {
                ["text"] = chat.Text,
                ["ids"] = JsonLines.Array(chat.Ids),
                ["assistant_mask"] = JsonLines.Array(chat.AssistantMask),
            };
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

    // What would be left out silently is refused: a template could not show it.
    private static List<ChatMessage> Messages(JsonLine line)
    {
        Only(line.Row, s_columns, "column", line.Where);
        JsonElement list = line.Require("messages");
        if (list.ValueKind != JsonValueKind.Array) throw new InputException("column `messages` must be a list", line.Where);
        List<ChatMessage> messages = [];
        foreach (JsonElement item in list.EnumerateArray())
        {
            string what = $"messages[{messages.Count}]";
            if (item.ValueKind != JsonValueKind.Object) throw new InputException($"{what} must be an object", line.Where);
            Only(item, ["role", "content"], what, line.Where);
            messages.Add(new ChatMessage(Field(item, "role", what, line.Where), Field(item, "content", what, line.Where)));
        }
        return messages;
    }

    private static string Field(JsonElement message, string name, string what, string where) => message.TryGetProperty(name, out JsonElement value)
        ? JsonLines.Text(value, $"{what}.{name}", where)
        : throw new InputException($"{what} has no `{name}`", where);

    private static void Only(JsonElement row, string[] known, string what, string where)
    {
        foreach (JsonProperty property in row.EnumerateObject())
        {
            if (known.Contains(property.Name) || property.Value.ValueKind == JsonValueKind.Null) continue;
            throw new InputException($"{what}: `{property.Name}` is not supported", where, $"supported: {string.Join(", ", known)}");
        }
    }
}
