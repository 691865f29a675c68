using System.Text.Json;
using Hone.Text;

namespace Hone.Server.Tests;

public sealed class ChatPromptTests
{
    [Fact]
    public void Calls_of_before_reach_the_template_as_objects()
    {
        using JsonDocument messages = JsonDocument.Parse("""
            [{"role": "user", "content": "Weather in Rome?"},
             {"role": "assistant", "content": null, "refusal": null, "tool_calls": [
               {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{\"city\": \"Rome\"}"}}]},
             {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}]
            """);
        ChatTemplate template = ChatTemplate.LoadFile(SharedData.Require("chat_templates/Qwen-Qwen2.5-7B-Instruct.jinja"));
        string text = template.Render(new Dictionary<string, object?>
        {
            ["messages"] = ChatPrompt.Messages(messages.RootElement, "messages"), ["add_generation_prompt"] = true, ["tools"] = null,
        });
        Assert.Contains("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Rome\"}}\n</tool_call>", text,
            StringComparison.Ordinal);
        Assert.Contains("<tool_response>\nsunny\n</tool_response>", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]""", "arguments")]
    [InlineData("""[{"role": "assistant", "tool_calls": [{"function": "f"}]}]""", "tool_calls[0]")]
    [InlineData("""[{"role": "assistant", "tool_calls": {}}]""", "tool_calls")]
    [InlineData("""[{"role": "assistant"}]""", "content")]
    [InlineData("""[{"role": "user", "content": 5}]""", "content")]
    [InlineData("""["hello"]""", "messages[0]")]
    public void Messages_that_are_none_are_refused_by_place(string json, string place)
    {
        using JsonDocument messages = JsonDocument.Parse(json);
        Assert.Contains(place, Assert.Throws<ApiException>(() => ChatPrompt.Messages(messages.RootElement, "messages")).Message,
            StringComparison.Ordinal);
    }
}
