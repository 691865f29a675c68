using System.Text.Json;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// The format that an answer must have: OpenAI's <c>response_format</c>, vLLM's <c>structured_outputs</c> and its older
/// <c>guided_json</c>, <c>guided_regex</c> and <c>guided_choice</c>, Ollama's <c>format</c>.
/// </summary>
internal static class AnswerFormat
{
    private const string Response = "response_format", Structured = "structured_outputs", Ollama = "format";

    /// <summary>What one of OpenAI's routes asks for; null for any text.</summary>
    public static OutputConstraint? Read(RequestFields fields)
    {
        List<(string Field, OutputConstraint Format)> asked = [];
        if (fields.Inner(Response) is { } response && OfResponse(response) is { } format) asked.Add((Response, format));
        if (fields.Inner(Structured) is { } inner)
        {
            asked.AddRange(Guided(inner, Structured, "json", "regex", "choice"));
            if (inner.Flag("json_object") == true) asked.Add((Structured, OutputConstraint.JsonObject));
            inner.End();
        }
        asked.AddRange(Guided(fields, null, "guided_json", "guided_regex", "guided_choice"));
        return asked.Count switch
        {
            0 => null,
            1 => asked[0].Format,
            _ => throw ApiException.Invalid(
                $"an answer has one format, and `{asked[0].Field}` and `{asked[1].Field}` each name one", asked[1].Field),
        };
    }

    /// <summary>What one of Ollama's routes asks for; null for any text.</summary>
    public static OutputConstraint? ReadOllama(RequestFields fields) => fields.Get(Ollama) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text when text.ValueEquals("") => null,
        { ValueKind: JsonValueKind.String } text when text.ValueEquals("json") => OutputConstraint.JsonObject,
        { ValueKind: JsonValueKind.Object } schema => Made(Ollama, () => OutputConstraint.JsonSchema(schema.GetRawText())),
        _ => throw RequestFields.Wrong(Ollama, "`json` or a JSON schema"),
    };

    private static OutputConstraint? OfResponse(RequestFields fields)
    {
        string type = fields.Text("type") ?? throw RequestFields.Wrong($"{Response}.type", "text, json_object or json_schema");
        JsonElement? given = fields.Get("json_schema");
        fields.End();
        switch (type)
        {
            case "text": return null;
            case "json_object": return OutputConstraint.JsonObject;
            case "json_schema":
                if (given is not { ValueKind: JsonValueKind.Object } named)
                    throw RequestFields.Wrong($"{Response}.json_schema", "an object");
                var inner = new RequestFields(named);
                (_, _, _) = (inner.Text("name"), inner.Text("description"), inner.Flag("strict")); // followed in any case
                JsonElement schema = inner.Get("schema") ?? throw RequestFields.Wrong($"{Response}.json_schema.schema", "a JSON schema");
                inner.End();
                return Made(Response, () => OutputConstraint.JsonSchema(schema.GetRawText()));
            default: throw RequestFields.Wrong($"{Response}.type", "text, json_object or json_schema");
        }
    }

    private static IEnumerable<(string, OutputConstraint)> Guided(
        RequestFields fields, string? within, string json, string regex, string choice)
    {
        if (fields.Get(json) is { } schema)
            yield return (within ?? json, Made(within ?? json, () => OutputConstraint.JsonSchema(
                schema.ValueKind == JsonValueKind.String ? schema.GetString()! : schema.GetRawText())));
        if (fields.Text(regex) is { } pattern) yield return (within ?? regex, Made(within ?? regex, () => OutputConstraint.Regex(pattern)));
        if (fields.Get(choice) is not { } texts) yield break;
        if (texts.ValueKind != JsonValueKind.Array || texts.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.String))
            throw RequestFields.Wrong(choice, "a list of texts");
        string[] all = [.. texts.EnumerateArray().Select(t => t.GetString()!)];
        yield return (within ?? choice, Made(within ?? choice, () => OutputConstraint.Choice(all)));
    }

    private static OutputConstraint Made(string field, Func<OutputConstraint> make)
    {
        try
        {
            return make();
        }
        catch (InputException e)
        {
            throw ApiException.Invalid(e.Message, field);
        }
    }
}
