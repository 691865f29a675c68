using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Evaluation;

/// <summary>Requests and replies as JSON: what the store keeps and what its keys are hashes of.</summary>
internal static class ReplyJson
{
    public static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Prompt(ScoreRequest request) => new JsonArray(request.Context.ToJson(), request.Continuation)
        .ToJsonString(Compact);

    public static string Prompt(GenerateRequest request) => request.Prompt.ToJson().ToJsonString(Compact);

    /// <summary>Everything besides the prompt that an answer depends on.</summary>
    public static string Settings(GenerateOptions options) => new JsonObject
    {
        ["max_new_tokens"] = options.MaxNewTokens,
        ["temperature"] = options.Temperature,
        ["top_p"] = options.TopP,
        ["stop"] = new JsonArray([.. options.StopStrings.Select(s => (JsonNode)s)]),
        ["seed"] = options.Seed.ToString(CultureInfo.InvariantCulture),
        ["top_logprobs"] = options.TopLogProbs,
    }.ToJsonString(Compact);

    public static string Of(Answer answer)
    {
        var json = new JsonObject
        {
            ["text"] = answer.Text,
            ["finish_reason"] = answer.FinishReason,
            ["prompt_tokens"] = answer.PromptTokens,
            ["completion_tokens"] = answer.CompletionTokens,
            ["dropped_tokens"] = answer.DroppedTokens,
        };
        if (answer.DoubleBos) json["double_bos"] = true;
        if (answer.FirstTokens.Count > 0)
            json["first_tokens"] =
                new JsonArray([.. answer.FirstTokens.Where(t => TokenVerdict.IsLogProb(t.LogProb))
                    .Select(t => new JsonObject { ["token"] = t.Token, ["logprob"] = t.LogProb })]);
        return json.ToJsonString(Compact);
    }

    public static string Of(Likelihood likelihood)
    {
        var json = new JsonObject
        {
            // An impossible continuation has minus infinity, which JSON numbers cannot say.
            ["logprob"] = likelihood.LogProb.ToString("R", CultureInfo.InvariantCulture),
            ["is_greedy"] = likelihood.IsGreedy,
            ["tokens"] = likelihood.Tokens,
            ["dropped_tokens"] = likelihood.DroppedTokens,
        };
        if (likelihood.DoubleBos) json["double_bos"] = true;
        return json.ToJsonString(Compact);
    }

    public static Answer Answer(string text)
    {
        JsonNode json = JsonNode.Parse(text)!;
        return new Answer((string)json["text"]!)
        {
            FinishReason = (string)json["finish_reason"]!,
            PromptTokens = (int)json["prompt_tokens"]!,
            CompletionTokens = (int)json["completion_tokens"]!,
            DroppedTokens = (int)json["dropped_tokens"]!,
            DoubleBos = json["double_bos"] is not null,
            FirstTokens = json["first_tokens"] is JsonArray tokens
                ? [.. tokens.Select(t => new TokenLogProb((string)t!["token"]!, (double)t["logprob"]!))]
                : [],
        };
    }

    public static Likelihood Likelihood(string text)
    {
        JsonNode json = JsonNode.Parse(text)!;
        return new Likelihood(double.Parse((string)json["logprob"]!, CultureInfo.InvariantCulture))
        {
            IsGreedy = (bool)json["is_greedy"]!,
            Tokens = (int)json["tokens"]!,
            DroppedTokens = (int)json["dropped_tokens"]!,
            DoubleBos = json["double_bos"] is not null,
        };
    }
}
