using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hone.Workflow.Workers;

/// <summary>
/// SGLang's own route. It has no seed per request outside of its deterministic mode, and there every answer of a request would be the
/// same one: none is sent.
/// </summary>
internal sealed class SglangRoute : ITokenRoute
{
    public string Path => "generate";

    public string AdapterPath => "load_lora_adapter";

    public JsonObject Body(TokenQuestion question)
    {
        var sampling = new JsonObject
        {
            ["n"] = question.Count,
            ["temperature"] = question.Temperature,
            ["max_new_tokens"] = question.Limit,
            ["stop_token_ids"] = TokenQuestion.Array(question.Stops),
            ["skip_special_tokens"] = false,
        };
        if (question.Options.DoSample)
        {
            sampling["top_p"] = question.Options.TopP;
            sampling["top_k"] = question.Options.TopK > 0 ? question.Options.TopK : -1;
        }
        var body = new JsonObject
        {
            ["input_ids"] = question.Prompt, ["sampling_params"] = sampling, ["return_logprob"] = true,
        };
        if (question.IsAdapter) body["lora_path"] = question.Model;
        return body;
    }

    public IEnumerable<TokenAnswer> Read(JsonElement json, TokenQuestion question) =>
        (json.ValueKind == JsonValueKind.Array ? json.EnumerateArray().ToArray() : [json]).Select((answer, index) =>
        {
            JsonElement meta = answer.GetProperty("meta_info");
            JsonElement[] tokens = [.. meta.GetProperty("output_token_logprobs").EnumerateArray()]; // [log-probability, id, text]
            return new TokenAnswer(index, [.. tokens.Select(t => t[1].GetInt32())], [.. tokens.Select(t => TokenAnswer.ReadLogProb(t[0]))],
                TokenAnswer.ReadText(meta.GetProperty("finish_reason"), "type"), TokenAnswer.ReadText(meta, "weight_version"));
        });
}
