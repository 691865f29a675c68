using System.Text.Json;
using Hone.Text;

namespace Hone.Server;

/// <summary>
/// Ollama's <c>POST /api/generate</c>: a prompt through the model's template, or with <c>raw</c>, and for a model without a template,
/// as it is.
/// </summary>
internal static class OllamaGenerate
{
    public static async Task AnswerAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        OllamaOptions options = OllamaOptions.Read(fields, exchange.Models);
        string prompt = fields.Text("prompt") ?? "", system = fields.Text("system") ?? "";
        bool raw = fields.Flag("raw") ?? false;
        fields.Off("suffix", v => v.ValueKind == JsonValueKind.String && v.ValueEquals(""));
        fields.Off("template", v => v.ValueKind == JsonValueKind.String && v.ValueEquals(""));
        fields.Off("images", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0);
        fields.Off("context", v => v.ValueKind == JsonValueKind.Array && v.GetArrayLength() == 0);
        fields.End();
        var answer = new OllamaAnswer(exchange, options, (line, text, _) => line["response"] = text);
        if (prompt.Length == 0)
        {
            await answer.LoadedAsync().ConfigureAwait(false);
            return;
        }
        raw |= options.Model.Chat is null;
        if (raw && system.Length > 0)
            throw ApiException.Invalid("`system` needs a chat template, which is not used here: put it into the prompt", "system");
        ChatMessage[] messages = [.. system.Length > 0 ? new[] { ChatMessage.System(system) } : [], ChatMessage.User(prompt)];
        int[] ids = raw
            ? options.Model.Tokenizer.Encode(prompt, addSpecial: true)
            : ChatPrompt.Render(options.Model, ChatRequest.Of(messages, addGenerationPrompt: true)).Ids;
        await answer.SendAsync(ids, tools: null).ConfigureAwait(false);
    }
}
