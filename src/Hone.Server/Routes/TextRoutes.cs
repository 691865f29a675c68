using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Server;

/// <summary>
/// Texts and token ids of a model: vLLM's <c>/tokenize</c> and <c>/detokenize</c>, llama.cpp's <c>/apply-template</c>. With one model
/// <c>model</c> may be left out, as there.
/// </summary>
internal static class TextRoutes
{
    public static async Task TokenizeAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        ServedModel model = exchange.Models.FindOrOnly(fields.Text("model"));
        bool named = fields.Flag("return_token_strs") ?? false;
        int[] ids;
        if (fields.Get("messages") is not null)
        {
            ids = ChatPrompt.Read(fields, model, fields.Get("tools")).Ids;
        }
        else
        {
            string text = fields.Text("prompt") ?? throw ApiException.Invalid("`prompt` or `messages` is needed", "prompt");
            ids = model.Tokenizer.Encode(text, fields.Flag("add_special_tokens") ?? true, fields.Flag("parse_special") ?? false);
        }
        fields.End();
        await exchange.WriteAsync(new JsonObject
        {
            ["count"] = ids.Length,
            ["max_model_len"] = model.Context,
            ["tokens"] = ChatRoute.Ids(ids),
            ["token_strs"] = named ? new JsonArray([.. ids.Select(id => (JsonNode)model.Tokenizer.TokenOf(id))]) : null,
        }).ConfigureAwait(false);
    }

    public static async Task DetokenizeAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        ServedModel model = exchange.Models.FindOrOnly(fields.Text("model"));
        int[] ids = fields.Get("tokens") is { ValueKind: JsonValueKind.Array } list
            ? CompletionRoute.Ids(list, "tokens", model)
            : throw RequestFields.Wrong("tokens", "a list of token ids");
        fields.End();
        await exchange.WriteAsync(new JsonObject { ["prompt"] = model.Tokenizer.Decode(ids) }).ConfigureAwait(false);
    }

    public static async Task ApplyTemplateAsync(Exchange exchange)
    {
        RequestFields fields = await exchange.FieldsAsync().ConfigureAwait(false);
        ServedModel model = exchange.Models.FindOrOnly(fields.Text("model"));
        string text = ChatPrompt.Read(fields, model, fields.Get("tools")).Text;
        fields.End();
        await exchange.WriteAsync(new JsonObject { ["prompt"] = text }).ConfigureAwait(false);
    }
}
