namespace Hone.Server.Tests;

public sealed class ToolFormatTests
{
    private static ToolFormat Format(string name) =>
        new[] { ToolFormat.Hermes, ToolFormat.Mistral, ToolFormat.Llama }.Single(f => f.Name == name);

    [Theory]
    [InlineData("Qwen-Qwen2.5-7B-Instruct", "hermes")]
    [InlineData("Qwen-Qwen3-0.6B", "hermes")]
    [InlineData("NousResearch-Hermes-3-Llama-3.1-8B-tool_use", "hermes")]
    [InlineData("mistralai-Mistral-Nemo-Instruct-2407", "mistral")]
    [InlineData("meta-llama-Llama-3.1-8B-Instruct", "llama3_json")]
    [InlineData("meta-llama-Llama-3.2-3B-Instruct", "llama3_json")]
    [InlineData("google-gemma-2-2b-it", null)]
    [InlineData("microsoft-Phi-3.5-mini-instruct", null)]
    public void A_templates_format_is_known_or_not(string template, string? format) =>
        Assert.Equal(format, ToolFormat.Of(File.ReadAllText(SharedData.Require($"chat_templates/{template}.jinja")))?.Name);

    [Theory]
    [InlineData("hermes", "<tool_call>\n{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, \"x\"]}}\n</tool_call>")]
    [InlineData("hermes", "<tool_call>{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, \"x\"]}}")]
    [InlineData("mistral", "[TOOL_CALLS][{\"name\": \"add\", \"arguments\": {\"a\": 1, \"b\": [2, \"x\"]}, \"id\": \"123456789\"}]")]
    [InlineData("llama3_json", "{\"name\": \"add\", \"parameters\": {\"a\": 1, \"b\": [2, \"x\"]}}")]
    public void A_call_is_read(string format, string text)
    {
        ToolCall call = Assert.Single(Format(format).Parse(text)!);
        Assert.Equal(("add", "{\"a\": 1, \"b\": [2, \"x\"]}"), (call.Name, call.Arguments));
        if (format == "mistral") Assert.Equal(9, call.Id.Length);
    }

    [Theory]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>\n"
        + "<tool_call>{\"name\": \"g\", \"arguments\": {\"x\": \"; }\"}}</tool_call>")]
    [InlineData("mistral", "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}}, {\"name\": \"g\", \"arguments\": {\"x\": \"; }\"}}]")]
    [InlineData("llama3_json", "{\"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}")]
    public void Several_calls_are_read(string format, string text) =>
        Assert.Equal(["f", "g"], Format(format).Parse(text)!.Select(c => c.Name));

    [Theory]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\"}</tool_call>")]
    [InlineData("hermes", "<tool_call>nothing</tool_call>")]
    [InlineData("hermes", "<tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call> and more")]
    [InlineData("mistral", "[TOOL_CALLS]{\"name\": 1, \"arguments\": {}}")]
    [InlineData("mistral", "[TOOL_CALLS][]")]
    [InlineData("llama3_json", "{\"a\": 1}")]
    [InlineData("llama3_json", "{\"name\": \"f\", \"parameters\": {\"x\": \"\\ud800\"}")]
    public void What_is_no_call_stays_text(string format, string text)
    {
        Assert.Null(Format(format).Parse(text));
        var reader = new ToolCallReader(Format(format));
        string shown = reader.Push(text);
        (string rest, IReadOnlyList<ToolCall> calls) = reader.Finish();
        Assert.Empty(calls);
        Assert.Equal(text, shown + rest);
    }
}
