using System.Text.Json;
using System.Text.Json.Nodes;
using Hone.Inference;

namespace Hone.Server;

/// <summary>
/// vLLM's <c>POST /inference/v1/generate</c>: token ids in, token ids out, with the log-probability of every id that was sampled, the
/// one that ended the answer included. <c>weight_version</c> says which weights answered, as SGLang's answers do.
/// </summary>
internal static class TokenRoute
{
    public static async Task AnswerAsync(Exchange exchange)
    {
        (ServedModel model, GenerationRequest request, string id) = Read(await exchange.FieldsAsync().ConfigureAwait(false), exchange);
        Completion[] answers = await exchange.CompleteAsync(model, [request]).ConfigureAwait(false);
        await exchange.WriteAsync(new JsonObject
        {
            ["request_id"] = id,
            ["model"] = model.Name,
            ["weight_version"] = model.Version,
            ["choices"] = new JsonArray([.. answers.Select(answer => new JsonObject
            {
                ["index"] = answer.AnswerIndex,
                ["token_ids"] = ChatRoute.Ids(answer.Ids),
                ["logprobs"] = new JsonObject
                {
                    ["content"] = new JsonArray([.. answer.Ids.Zip(answer.LogProbs, (token, p) => new JsonObject
                    {
                        ["token"] = $"token_id:{token}", ["logprob"] = TokenLines.Finite(p),
                    })]),
                },
                ["finish_reason"] = answer.FinishReason,
            })]),
            ["prompt_logprobs"] = null,
            ["usage"] = CompletionRoute.Usage(request.PromptIds.Length, answers.Sum(a => a.Ids.Length)),
        }).ConfigureAwait(false);
    }

    private static (ServedModel, GenerationRequest, string Id) Read(RequestFields fields, Exchange exchange)
    {
        ServedModel model = AnswerSettings.Model(fields, exchange.Models);
        JsonElement ids = fields.Get("token_ids") ?? throw ApiException.Invalid("`token_ids` is needed", "token_ids");
        if (ids.ValueKind != JsonValueKind.Array || ids.GetArrayLength() == 0)
            throw RequestFields.Wrong("token_ids", "a list of token ids");
        int[] prompt = CompletionRoute.Ids(ids, "token_ids", model);
        // Prefixes are kept with the weights that made them, so the salt has nothing to keep apart.
        _ = fields.Text("cache_salt");
        string id = fields.Text("request_id") ?? $"{Guid.NewGuid():N}";
        fields.Off("stream", v => v.ValueKind == JsonValueKind.False);
        fields.Off("priority", v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int p) && p == 0);
        RequestFields sampling = fields.Inner("sampling_params")
            ?? throw ApiException.Invalid("`sampling_params` is needed", "sampling_params");
        fields.End();
        long longest = sampling.Whole("max_tokens", 1, int.MaxValue)
            ?? throw ApiException.Invalid("`max_tokens` is needed", "sampling_params");
        sampling.Off("logprobs", v => v.ValueKind == JsonValueKind.Number && v.TryGetInt32(out int top) && top == 0);
        sampling.Off("ignore_eos", v => v.ValueKind == JsonValueKind.False);
        sampling.Off("stop_token_ids", v => v.ValueKind == JsonValueKind.Array
            && CompletionRoute.Ids(v, "stop_token_ids", model).All(model.IsStop)); // others than the model's own
        AnswerSettings settings = AnswerSettings.Read(sampling, model);
        sampling.End();
        int length = AnswerSettings.Length(prompt.Length, longest, (int)longest, model, "sampling_params");
        var request = new GenerationRequest(prompt, settings.Sampling with { MaxNewTokens = length }, settings.Count);
        AnswerSettings.CheckWork([request], exchange.Limits);
        return (model, request, id);
    }
}
