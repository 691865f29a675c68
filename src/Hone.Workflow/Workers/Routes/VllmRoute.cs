using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Workflow.Workers;

/// <summary>vLLM's tokens-in-tokens-out route, which <c>hone serve</c> speaks too (vllm/entrypoints/serve/disagg/protocol.py).</summary>
internal sealed class VllmRoute : ITokenRoute
{
    public string Path => "inference/v1/generate";

    public string AdapterPath => "v1/load_lora_adapter";

    public JsonObject Body(TokenQuestion question)
    {
        var sampling = new JsonObject
        {
            ["n"] = question.Count,
            ["temperature"] = question.Temperature,
            ["max_tokens"] = question.Limit,
            ["stop_token_ids"] = TokenQuestion.Array(question.Stops),
            ["logprobs"] = 0, // that of the sampled token alone
        };
        if (question.Options.DoSample)
        {
            sampling["top_p"] = question.Options.TopP;
            sampling["top_k"] = question.Options.TopK;
            sampling["seed"] = unchecked((long)question.Options.Seed);
        }
        return new JsonObject
        {
            ["model"] = question.Model,
            ["token_ids"] = question.Prompt,
            ["sampling_params"] = sampling,
            // A prefix that other weights have read is never taken for one of these.
            ["cache_salt"] = question.Version,
        };
    }

    public IEnumerable<TokenAnswer> Read(JsonElement json, TokenQuestion question) => json.GetProperty("choices").EnumerateArray()
        .Select(choice => new TokenAnswer(
            choice.GetProperty("index").GetInt32(),
            TokenAnswer.ReadIds(choice.GetProperty("token_ids")),
            [.. choice.GetProperty("logprobs").GetProperty("content").EnumerateArray()
                .Select(token => TokenAnswer.ReadLogProb(token.GetProperty("logprob")))],
            TokenAnswer.ReadText(choice, "finish_reason"),
            TokenAnswer.ReadText(json, "weight_version")));
}
