using System.Text.Json;

namespace Hone.Evaluation;

/// <summary>
/// What the API's answers say. Each reader throws <see cref="FormatException"/> or an exception of JSON's where they
/// say something else.
/// </summary>
internal static class EndpointReplies
{
    /// <summary>Ids of the models served, with the context length where one is told (vLLM's and Hone's <c>max_model_len</c>).</summary>
    public static (string Id, int? Context)[] Models(JsonElement json) => [.. json.GetProperty("data").EnumerateArray().Select(m =>
        (m.GetProperty("id").GetString()!, m.TryGetProperty("max_model_len", out JsonElement c) && c.ValueKind == JsonValueKind.Number
            ? c.GetInt32() : (int?)null))];

    /// <summary>An answer of /chat/completions.</summary>
    public static Answer Chat(JsonElement json)
    {
        JsonElement choice = Only(json), message = choice.GetProperty("message");
        JsonElement content = message.GetProperty("content");
        return Answer(json, choice, content.ValueKind == JsonValueKind.Null ? "" : content.GetString()!,
            choice.TryGetProperty("logprobs", out JsonElement l) && l.ValueKind == JsonValueKind.Object
            && l.GetProperty("content") is { ValueKind: JsonValueKind.Array } tokens && tokens.GetArrayLength() > 0
            ? [.. tokens[0].GetProperty("top_logprobs").EnumerateArray()
                .Select(t => new TokenLogProb(t.GetProperty("token").GetString()!, LogProb(t.GetProperty("logprob"))))] : []);
    }

    /// <summary>An answer of /completions.</summary>
    public static Answer Text(JsonElement json)
    {
        JsonElement choice = Only(json);
        return Answer(json, choice, choice.GetProperty("text").GetString()!, choice.TryGetProperty("logprobs", out JsonElement l)
            && l.ValueKind == JsonValueKind.Object
            && l.TryGetProperty("top_logprobs", out JsonElement top) && top.ValueKind == JsonValueKind.Array && top.GetArrayLength() > 0
            ? [.. top[0].EnumerateObject().Select(t => new TokenLogProb(t.Name, LogProb(t.Value)))] : []);
    }

    /// <summary>Scored tokens of each echoed prompt, in the order of the prompts.</summary>
    /// <param name="count">Prompts sent.</param>
    public static EchoedToken[][] Echoes(JsonElement json, int count)
    {
        var echoes = new EchoedToken[count][];
        foreach (JsonElement choice in json.GetProperty("choices").EnumerateArray())
        {
            int index = choice.GetProperty("index").GetInt32();
            if (index < 0 || index >= count || echoes[index] is not null) throw new FormatException($"there is no choice {index}");
            JsonElement scores = choice.GetProperty("logprobs");
            JsonElement[] tokens = [.. scores.GetProperty("tokens").EnumerateArray()], logProbs = [.. scores.GetProperty("token_logprobs")
                .EnumerateArray()], top = [.. scores.GetProperty("top_logprobs").EnumerateArray()];
            if (tokens.Length != logProbs.Length || tokens.Length != top.Length)
                throw new FormatException("tokens, token_logprobs and top_logprobs differ in length");
            echoes[index] = [.. tokens.Select((t, i) => new EchoedToken(t.GetString()!,
                LogProb(logProbs[i]),
                top[i].ValueKind == JsonValueKind.Object
                    ? top[i].EnumerateObject().Select(x => LogProb(x.Value)).DefaultIfEmpty(double.NaN).Max() : double.NaN))];
        }
        return echoes.All(e => e is not null) ? echoes : throw new FormatException("choices are missing");
    }

    private static JsonElement Only(JsonElement json) =>
        json.GetProperty("choices") is { ValueKind: JsonValueKind.Array } choices && choices.GetArrayLength() > 0 ? choices[0]
            : throw new FormatException("there are no choices");

    private static Answer Answer(JsonElement json, JsonElement choice, string text, TokenLogProb[] first)
    {
        JsonElement usage = json.TryGetProperty("usage", out JsonElement u) ? u : default;
        return new Answer(text)
        {
            FinishReason = choice.TryGetProperty("finish_reason", out JsonElement reason) && reason.ValueKind == JsonValueKind.String
                ? reason.GetString()! : "stop",
            PromptTokens = Count("prompt_tokens"),
            CompletionTokens = Count("completion_tokens"),
            FirstTokens = [.. first.Where(t => TokenVerdict.IsLogProb(t.LogProb)).OrderByDescending(t => t.LogProb)],
        };

        int Count(string name) => usage.ValueKind == JsonValueKind.Object && usage.TryGetProperty(name, out JsonElement n)
            && n.ValueKind == JsonValueKind.Number && n.TryGetInt32(out int count) && count > 0 ? count : 0;
    }

    // 1e999 is a number to JSON and infinite here; such a token is left out, and the reply stays usable.
    private static double LogProb(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) ? number : double.NaN;
}

/// <summary>A token of an echoed prompt.</summary>
/// <param name="LogProb">Its natural log-probability; NaN for the first token, which nothing predicts.</param>
/// <param name="Best">The likeliest token's; NaN where it is not told.</param>
internal readonly record struct EchoedToken(string Text, double LogProb, double Best);
