using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Workflow.Workers;

/// <summary>
/// OpenAI's route with a prompt of token ids and vLLM's <c>return_token_ids</c>, which goes through proxies that know no other.
/// </summary>
internal sealed class CompletionsRoute : ITokenRoute
{
    public string Path => "v1/completions";

    public string AdapterPath => "v1/load_lora_adapter";

    public JsonObject Body(TokenQuestion question)
    {
        var body = new JsonObject
        {
            ["model"] = question.Model,
            ["prompt"] = question.Prompt,
            ["n"] = question.Count,
            ["temperature"] = question.Temperature,
            ["max_tokens"] = question.Limit,
            ["logprobs"] = 0,
            ["return_token_ids"] = true,
        };
        if (!question.Options.DoSample) return body;
        body["seed"] = unchecked((long)question.Options.Seed);
        if (question.Options.TopP < 1) body["top_p"] = question.Options.TopP;
        if (question.Options.TopK > 0) body["top_k"] = question.Options.TopK;
        return body;
    }

    public IEnumerable<TokenAnswer> Read(JsonElement json, TokenQuestion question) => json.GetProperty("choices").EnumerateArray()
        .Select(choice =>
        {
            if (!choice.TryGetProperty("token_ids", out JsonElement ids) || ids.ValueKind != JsonValueKind.Array)
                throw new FormatException("no token ids are returned (return_token_ids)");
            if (choice.TryGetProperty("prompt_token_ids", out JsonElement prompt) && prompt.ValueKind == JsonValueKind.Array
                && !TokenAnswer.ReadIds(prompt).AsSpan().SequenceEqual(question.PromptIds))
                throw new FormatException("the prompt was read as other ids than were sent");
            return new TokenAnswer(choice.GetProperty("index").GetInt32(), TokenAnswer.ReadIds(ids),
                [.. choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray().Select(TokenAnswer.ReadLogProb)],
                TokenAnswer.ReadText(choice, "finish_reason"), Version: null);
        });
}
